package dev.detent.passes.dispatching;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** PPQ's value tracing and its sets of shape generators and receivers (scheduler/base.py). */
final class ValueTracing {

    private ValueTracing() {}

    /** A value that {@code from} computes reaches {@code to} as a value. */
    static boolean down(Graph graph, Node from, Node to) {
        if (to.isOneOf(Operators.FIRST_INPUT_ONLY)) {
            return produces(graph, from, to, 0);
        }
        if (to.is("ScatterND")) {
            return produces(graph, from, to, 0)
                    || produces(graph, from, to, to.inputs().size() - 1);
        }
        return !to.is("ConstantOfShape", "Shape", "NonMaxSuppression");
    }

    /** Going up from {@code from} to its producer {@code to}. */
    static boolean up(Graph graph, Node from, Node to) {
        if (to.is("Shape", "TopK")) {
            return false;
        }
        if (from.isOneOf(Operators.FIRST_INPUT_ONLY)) {
            return produces(graph, to, from, 0);
        }
        if (from.is("ScatterND")) {
            return produces(graph, to, from, 0)
                    || produces(graph, to, from, from.inputs().size() - 1);
        }
        return !from.is("NonMaxSuppression", "Shape");
    }

    private static boolean produces(Graph graph, Node producer, Node consumer, int input) {
        return graph.producer(consumer.input(input)).map(producer::equals).orElse(false);
    }

    /** Producers of inputs that take shapes or indices. */
    static Set<Node> receivers(Graph graph) {
        Set<Node> receivers = new LinkedHashSet<>();
        for (Node n : graph.nodes()) {
            for (int i : shapeInputs(n)) {
                graph.producer(n.input(i)).ifPresent(receivers::add);
            }
        }
        return receivers;
    }

    private static List<Integer> shapeInputs(Node n) {
        return switch (n.opType()) {
            case "Reshape",
                    "Gather",
                    "GatherElements",
                    "GatherND",
                    "Split",
                    "TopK",
                    "Tile",
                    "Expand",
                    "ScatterND",
                    "ScatterElements",
                    "Squeeze",
                    "Unsqueeze",
                    "ReduceSum",
                    "grid_sampler" -> List.of(1);
            case "Slice" -> List.of(1, 2, 3, 4);
            case "Pad", "RoiAlign", "MMCVRoiAlign" -> List.of(1, 2);
            case "Resize" -> List.of(1, 2, 3);
            case "ConstantOfShape" -> List.of(0);
            default -> List.of();
        };
    }

    static boolean generates(Node n) {
        return n.is("Shape", "NonMaxSuppression", "ConstantOfShape", "TopK");
    }

    /** No producer on any input or no consumer on any output. */
    static boolean isBoundary(Graph graph, Node n) {
        return graph.upstream(n).isEmpty() || graph.downstream(n).isEmpty();
    }
}
