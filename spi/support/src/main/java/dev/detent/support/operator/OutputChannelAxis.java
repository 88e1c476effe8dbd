package dev.detent.support.operator;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;

/** Where the output channels of a weight lie. */
public final class OutputChannelAxis {

    private OutputChannelAxis() {}

    /**
     * Axis of input 1 of Conv ([out, in/g, …]), ConvTranspose ([in, out/g, …]), Gemm (by transB) or MatMul (its last)
     * along which one scale per output channel runs.
     */
    public static int ofOutputChannels(Node node, Graph graph) {
        return switch (node.opType()) {
            case "ConvTranspose" -> 1;
            case "Gemm" -> node.intAttribute("transB", 0) == 1 ? 0 : 1;
            case "MatMul" ->
                Math.max(0, graph.initializer(node.input(1)).map(Tensor::rank).orElse(2) - 1);
            default -> 0;
        };
    }
}
