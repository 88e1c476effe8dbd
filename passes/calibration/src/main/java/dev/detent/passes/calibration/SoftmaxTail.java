package dev.detent.passes.calibration;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * How far below the largest value of a row what a Softmax reads still matters. An attention mask adds -10000 where
 * nothing is to be looked at; a range that reaches there leaves the scores themselves less than a step.
 */
final class SoftmaxTail {

    /** e^-20 is 2e-9, less than a step of 16 bits for a thousand positions together. */
    private static final double LOGITS = 20;

    /**
     * What is added to scores, which differ by some tens among themselves, and must still put them below the others.
     */
    private static final double SUMMANDS = 50;

    /** Inputs of an operator that reach its result as they are, but for what is added. */
    private static final Map<String, Set<Integer>> SUMS =
            Map.of("Add", Set.of(0, 1), "Sub", Set.of(0), "Where", Set.of(1, 2));

    private SoftmaxTail() {}

    /** Empty where something else reads the value, or reads it along another axis than the last. */
    static OptionalDouble depth(Graph graph, String value) {
        if (!isReadInsideOnly(graph, value)) {
            return OptionalDouble.empty();
        }
        double deepest = LOGITS;
        for (Graph.Use use : graph.uses(value)) {
            if (isSummand(graph, use)) {
                deepest = SUMMANDS;
            } else if (!readsLastAxis(graph, use.node())) {
                return OptionalDouble.empty();
            }
        }
        return OptionalDouble.of(deepest);
    }

    /** By nodes of this graph alone, and by one at least. */
    private static boolean isReadInsideOnly(Graph graph, String value) {
        return !graph.isOutput(value)
                && !graph.isCaptured(value)
                && !graph.uses(value).isEmpty();
    }

    /** Of a sum that only a Softmax reads. */
    private static boolean isSummand(Graph graph, Graph.Use use) {
        String sum = use.node().output(0);
        return SUMS.getOrDefault(use.node().opType(), Set.of()).contains(use.index())
                && isReadInsideOnly(graph, sum)
                && graph.uses(sum).stream().allMatch(u -> readsLastAxis(graph, u.node()));
    }

    private static boolean readsLastAxis(Graph graph, Node node) {
        if (!node.is("Softmax")) {
            return false;
        }
        long axis = node.intAttribute("axis", -1);
        Optional<Integer> rank =
                graph.valueInfo(node.input(0)).flatMap(ValueInfo::shape).map(List::size);
        return axis == -1 || rank.filter(r -> axis == r - 1).isPresent();
    }
}
