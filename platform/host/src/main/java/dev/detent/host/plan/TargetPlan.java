package dev.detent.host.plan;

import dev.detent.host.plugin.Registry;
import dev.detent.host.rules.RuleObservers;
import dev.detent.host.settings.Settings;
import dev.detent.spi.backend.QuantizationRecipe;
import dev.detent.spi.backend.Target;
import java.util.List;

/**
 * A target with the plan that settings lead to: everything that is decided before a model is read.
 *
 * @param registry the installed plugins, with the observers' options of the settings
 * @param plugin id and version of the plugin the target comes from
 * @param switchedOff passes that the settings took out of the target's recipe
 */
public record TargetPlan(Target target, String plugin, Registry registry, Plan plan, List<String> switchedOff) {

    /** Plans {@code target} under {@code settings}. */
    public static TargetPlan of(Registry plugins, String target, Settings settings) {
        Target found = plugins.target(target);
        Registry configured = RuleObservers.register(
                settings.rules(), plugins.withObserverOptions(settings.observerOptions(plugins)));
        String plugin = plugins.pluginOfTarget(target);
        QuantizationRecipe recipe = found.recipe(StandardRecipes.INSTANCE);
        Registry.asked(target, plugin, "dispatcher", recipe.dispatcher(), plugins::dispatcher);
        recipe.passes().keySet().forEach(p -> Registry.asked(target, plugin, "pass", p, plugins::pass));
        return new TargetPlan(
                found,
                plugin,
                configured,
                new Planner(configured).plan(settings.apply(recipe, plugins), settings.rules()),
                settings.disabled());
    }

    /** The same target with another plan. */
    public TargetPlan with(Plan other) {
        return new TargetPlan(target, plugin, registry, other, switchedOff);
    }
}
