package dev.detent.host.pipeline;

import dev.detent.host.normalize.GraphNormalizer;
import dev.detent.kernel.Invariants;
import dev.detent.kernel.QuantizationConfigs;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.Placement;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * The invariant of every fact. Those about configs are the kernel's; here are those that need the graph or the
 * placements as well.
 */
final class FactInvariants {

    /** Where a model stands. */
    record Model(Graph graph, Map<String, Placement> placements, QuantizationConfigs configs) {}

    /** A sentence, and what breaks it. */
    private record Invariant(String text, Function<Model, List<String>> culprits) {}

    private static final Map<Fact, Invariant> OF_THE_GRAPH = new EnumMap<>(Map.of(
            Fact.FORMATTED,
            new Invariant(
                    "the opset is 13 or newer and constants that nodes read are initializers",
                    m -> GraphNormalizer.remainders(m.graph())),
            Fact.DISPATCHED,
            new Invariant(
                    "every node has a side", m -> nodes(m, n -> !m.placements().containsKey(n.name()))),
            Fact.RULES_APPLIED,
            new Invariant(
                    "every slot of a quantized node has a config",
                    m -> nodes(
                            m,
                            n -> m.configs().isQuantized(n)
                                    && m.configs().inputs(n).size()
                                            != n.inputs().size()))));

    /** Facts whose invariants the kernel has. */
    private static final Set<Fact> OF_CONFIGS = EnumSet.of(
            Fact.PARAMETERS_CALIBRATED,
            Fact.ACTIVATIONS_CALIBRATED,
            Fact.PASSIVES_DERIVED,
            Fact.BAKED,
            Fact.EXPORTABLE);

    private FactInvariants() {}

    /** Facts that have an invariant: all of them, as a test holds. */
    static Set<Fact> known() {
        Set<Fact> all = EnumSet.copyOf(OF_CONFIGS);
        all.addAll(OF_THE_GRAPH.keySet());
        return all;
    }

    /** Broken sentences, each with up to three of the culprits; empty when all is well. */
    static List<String> broken(Model model, Set<Fact> facts) {
        List<String> broken = new ArrayList<>();
        OF_THE_GRAPH.forEach((fact, invariant) -> {
            List<String> culprits = facts.contains(fact) ? invariant.culprits().apply(model) : List.of();
            if (!culprits.isEmpty()) {
                broken.add("'" + invariant.text() + "' does not hold: " + String.join(", ", culprits));
            }
        });
        broken.addAll(Invariants.check(model.configs(), facts));
        return broken;
    }

    private static List<String> nodes(Model m, java.util.function.Predicate<Node> broken) {
        return m.graph().nodes().stream()
                .filter(broken)
                .limit(3)
                .map(Object::toString)
                .toList();
    }
}
