package dev.detent.runtime;

import dev.detent.spi.graph.Graph;

/**
 * Graphs that ONNX Runtime would rewrite for too long: its time (1.28) is quadratic in the number of nodes and in the
 * readers of one value. Measured in seconds of a processor: a chain of Relu, Tanh and Add takes 2 with 10,000 nodes, 28
 * with 25,000 and over 150 with 50,000; ten thousand readers take 30. Such a graph runs as it stands.
 */
public final class RewritingCost {

    /**
     * Networks that people use have some thousands, in a file with QuantizeLinear and DequantizeLinear up to 15,000.
     */
    private static final int NODES = 20_000;
    /** More than any network has that people use. */
    private static final int READERS = 2000;

    private RewritingCost() {}

    /** Whether ONNX Runtime rewrites the graph in some seconds at most. */
    public static boolean isAffordable(Graph graph) {
        return graph.nodes().size() <= NODES
                && graph.nodes().stream()
                        .flatMap(n -> n.outputs().stream())
                        .noneMatch(o -> graph.uses(o).size() > READERS);
    }

    /** The level wanted, or the fastest that rewrites nothing. */
    static OrtOptimizationLevel affordable(Graph graph, OrtOptimizationLevel wanted) {
        boolean rewrites = wanted == OrtOptimizationLevel.ALL || wanted == OrtOptimizationLevel.EXACT;
        return rewrites && !isAffordable(graph) ? OrtOptimizationLevel.ASIS : wanted;
    }
}
