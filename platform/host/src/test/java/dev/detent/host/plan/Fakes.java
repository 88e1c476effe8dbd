package dev.detent.host.plan;

import dev.detent.host.plugin.Registry;
import dev.detent.spi.backend.Backend;
import dev.detent.spi.backend.QuantizationRecipe;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.pass.Dispatcher;
import dev.detent.spi.pass.DispatcherProvider;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.pass.PassProvider;
import dev.detent.spi.pass.Placement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** Passes that do nothing, for plans. */
final class Fakes {

    private Fakes() {}

    /** A plugin with these passes, beside one with a dispatcher. */
    static Registry registry(PassDescriptor... passes) {
        return registry(List.of(), passes);
    }

    /** The same where the plugin has backends too. */
    static Registry registry(List<Backend> backends, PassDescriptor... passes) {
        PassProvider provider = () -> Arrays.stream(passes)
                .map(d -> new PassDefinition(d, context -> {}))
                .toList();
        Dispatcher none = new Dispatcher() {
            @Override
            public String id() {
                return "none";
            }

            @Override
            public Set<String> formerIds() {
                return Set.of("nothing");
            }

            @Override
            public String summary() {
                return "all float";
            }

            @Override
            public Map<String, Placement> dispatch(Graph graph, Predicate<Node> supported) {
                return Map.of();
            }
        };
        DispatcherProvider dispatchers = () -> List.of(none);
        List<Object> vendor = new ArrayList<>(backends);
        vendor.add(provider);
        return Registry.of(Map.of("vendor 1", vendor, "stock 1", List.of(dispatchers)));
    }

    static QuantizationRecipe recipe(String... ids) {
        Map<String, Map<String, Object>> passes = new LinkedHashMap<>();
        Arrays.stream(ids).forEach(id -> passes.put(id, Map.of()));
        return new QuantizationRecipe("none", passes);
    }

    /** Ids of the steps of the plan of all passes, the host's included. */
    static List<String> plan(PassDescriptor... passes) {
        return ids(new Planner(registry(passes))
                .plan(recipe(Arrays.stream(passes).map(PassDescriptor::id).toArray(String[]::new))));
    }

    static List<String> ids(Plan plan) {
        return plan.steps().stream().map(Step::id).toList();
    }
}
