package dev.detent.passes.dispatching;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;

/** PPQ's value tracing (scheduler/base.py). */
final class ValueTracing {

    private ValueTracing() {}

    /** A value that {@code from} computes reaches {@code to} as a value. */
    static boolean down(Graph graph, Node from, Node to) {
        if (PpqOperators.isLedByFirstInput(to)) {
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
        if (PpqOperators.isLedByFirstInput(from)) {
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

    /** No producer on any input or no consumer on any output. */
    static boolean isBoundary(Graph graph, Node n) {
        return graph.upstream(n).isEmpty() || graph.downstream(n).isEmpty();
    }
}
