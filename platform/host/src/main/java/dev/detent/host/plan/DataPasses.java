package dev.detent.host.plan;

import dev.detent.host.plugin.Registry;
import dev.detent.host.settings.Settings;
import dev.detent.spi.backend.QuantizationRecipe;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.pass.PassRequirement;
import java.util.List;

/** Passes of a target that look at data for other ends than calibration: a run that has none goes without them. */
public final class DataPasses {

    private DataPasses() {}

    /** Those in the plan that the settings lead to. */
    public static List<String> of(Registry registry, String target, Settings settings) {
        return needing(registry, target, settings, PassRequirement.SAMPLES, PassRequirement.STATISTICS);
    }

    /** Those of them that statistics do not serve. */
    public static List<String> onSamples(Registry registry, String target, Settings settings) {
        return needing(registry, target, settings, PassRequirement.SAMPLES);
    }

    private static List<String> needing(Registry registry, String target, Settings settings, PassRequirement... needs) {
        QuantizationRecipe recipe = settings.apply(registry.target(target).recipe(StandardRecipes.INSTANCE), registry);
        return recipe.passes().keySet().stream()
                .filter(id -> isOptional(registry.pass(id).descriptor(), List.of(needs)))
                .toList();
    }

    /** The pass looks at data, and for another end than calibration. */
    public static boolean isOptional(PassDescriptor d) {
        return isOptional(d, List.of(PassRequirement.SAMPLES, PassRequirement.STATISTICS));
    }

    private static boolean isOptional(PassDescriptor d, List<PassRequirement> needs) {
        return needs.stream().anyMatch(d.needs()::contains) && !d.establishes().contains(Fact.ACTIVATIONS_CALIBRATED);
    }

    /** The settings without some passes. */
    public static Settings without(List<String> passes, Settings settings) {
        Settings less = settings;
        for (String pass : passes) {
            less = less.with(pass + "=off");
        }
        return less;
    }
}
