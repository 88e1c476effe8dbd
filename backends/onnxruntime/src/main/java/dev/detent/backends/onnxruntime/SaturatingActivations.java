package dev.detent.backends.onnxruntime;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * A ReLU or Clip in front of a QuantizeLinear whose range lies inside its bounds does nothing: the codes saturate
 * there. It goes where it stands behind an operator that becomes an integer one; elsewhere nothing would show its
 * numbers.
 */
final class SaturatingActivations {

    private SaturatingActivations() {}

    static void remove(GraphEditor edit) {
        Graph graph = edit.graph();
        for (Node n : List.copyOf(graph.nodes())) {
            Optional<Node> q = n.is("Relu", "Clip") && !graph.isOutput(n.output(0))
                    ? QOperatorWriter.onlyConsumer(graph, n.output(0)).filter(c -> c.is("QuantizeLinear"))
                    : Optional.empty();
            boolean alone =
                    graph.producer(n.input(0)).filter(IntegerOperator::isKnown).isPresent()
                            && graph.consumers(n.input(0)).size() == 1
                            && !graph.isOutput(n.input(0));
            if (q.isPresent() && alone && saturates(graph, n, q.get())) {
                edit.bypass(n);
            }
        }
    }

    private static boolean saturates(Graph graph, Node n, Node q) {
        Tensor scale = graph.initializer(q.input(1)).orElseThrow();
        Tensor zero = graph.initializer(q.input(2)).orElseThrow();
        if (scale.elementCount() != 1) {
            return false;
        }
        boolean unsigned = zero.type() == ElementType.UINT8;
        float s = scale.floats()[0];
        float z = zero.floats()[0];
        float lo = s * ((unsigned ? 0 : -128) - z);
        float hi = s * ((unsigned ? 255 : 127) - z);
        float min = n.is("Relu") ? 0 : bound(graph, n.input(1), Float.NEGATIVE_INFINITY);
        float max = n.is("Relu") ? Float.POSITIVE_INFINITY : bound(graph, n.input(2), Float.POSITIVE_INFINITY);
        return lo >= min - s / 2 && hi <= max + s / 2;
    }

    private static float bound(Graph graph, String value, float otherwise) {
        return graph.initializer(value).map(t -> t.floats()[0]).orElse(otherwise);
    }
}
