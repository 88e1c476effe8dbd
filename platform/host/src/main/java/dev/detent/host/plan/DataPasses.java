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
        QuantizationRecipe recipe = settings.apply(registry.target(target).recipe(StandardRecipes.INSTANCE), registry);
        return recipe.passes().keySet().stream()
                .filter(id -> isOptional(registry.pass(id).descriptor()))
                .toList();
    }

    private static boolean isOptional(PassDescriptor d) {
        return d.needs().contains(PassRequirement.SAMPLES) && !d.establishes().contains(Fact.ACTIVATIONS_CALIBRATED);
    }

    /** The settings without these passes, where ranges are known and there are no data. */
    public static Settings without(Registry registry, String target, Settings settings) {
        Settings less = settings;
        for (String pass : of(registry, target, settings)) {
            less = less.with(pass + "=off");
        }
        return less;
    }
}
