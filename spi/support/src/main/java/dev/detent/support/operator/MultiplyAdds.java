package dev.detent.support.operator;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Multiplications with additions that a node computes for one sample, from the shapes of the graph. A dimension that is
 * not known counts as 1, so that layers of one model compare, whatever the batch.
 */
public final class MultiplyAdds {

    private MultiplyAdds() {}

    /** 0 for operators that do not multiply matrices. */
    public static long of(Node node, Graph graph) {
        return switch (node.opType()) {
            // Every output takes one product per weight of its channel.
            case "Conv" -> elements(graph, node.output(0)) * perOutput(graph, node.input(1));
            // Every input is multiplied by all weights of its channel.
            case "ConvTranspose" -> elements(graph, node.input(0)) * perOutput(graph, node.input(1));
            case "Gemm" -> elements(graph, node.output(0)) * inner(node, graph, transposed(node));
            case "MatMul" -> elements(graph, node.output(0)) * inner(node, graph, false);
            default -> 0;
        };
    }

    /** Of all nodes together. */
    public static long of(Graph graph) {
        return graph.nodes().stream().mapToLong(n -> of(n, graph)).sum();
    }

    private static boolean transposed(Node node) {
        return node.intAttribute("transA", 0) != 0;
    }

    private static long inner(Node node, Graph graph, boolean transposed) {
        List<Long> shape = shape(graph, node.input(0));
        return shape.isEmpty() ? 1 : shape.get(shape.size() - (transposed && shape.size() > 1 ? 2 : 1));
    }

    private static long perOutput(Graph graph, String weight) {
        List<Long> shape = shape(graph, weight);
        return shape.stream().skip(1).reduce(1L, (a, b) -> a * b);
    }

    /** Elements of a value for one sample; 1 where nothing is known of it. */
    public static long elements(Graph graph, String value) {
        return shape(graph, value).stream().reduce(1L, (a, b) -> a * b);
    }

    private static List<Long> shape(Graph graph, String value) {
        Optional<Tensor> constant = graph.initializer(value);
        if (constant.isPresent()) {
            return Arrays.stream(constant.get().dims()).boxed().toList();
        }
        return graph.valueInfo(value)
                .flatMap(ValueInfo::shape)
                .map(dims -> dims.stream().map(d -> d.isKnown() ? d.size() : 1L).toList())
                .orElse(List.of());
    }
}
