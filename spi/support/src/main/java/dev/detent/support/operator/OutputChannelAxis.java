package dev.detent.support.operator;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.quant.Scheme;
import java.util.OptionalInt;

/** Where the output channels of a weight lie. */
public final class OutputChannelAxis {

    private OutputChannelAxis() {}

    /**
     * Axis of input 1 of Conv ([out, in/g, …]), ConvTranspose ([in, out/g, …]), Gemm (by transB) or MatMul ([in, out])
     * along which one scale per output channel runs. Empty where there is none: a vector that MatMul contracts has no
     * output channel, and of a stack of matrices each has channels of its own, which no kernel has scales for.
     */
    public static OptionalInt ofOutputChannels(Node node, Graph graph) {
        return switch (node.opType()) {
            case "ConvTranspose" -> OptionalInt.of(1);
            case "Gemm" -> OptionalInt.of(node.intAttribute("transB", 0) == 1 ? 0 : 1);
            case "MatMul" ->
                graph.initializer(node.input(1)).map(Tensor::rank).orElse(2) == 2
                        ? OptionalInt.of(1)
                        : OptionalInt.empty();
            default -> OptionalInt.of(0);
        };
    }

    /** The scheme with one scale per output channel of input 1, or as it is where there are none. */
    public static Scheme perOutputChannel(Scheme scheme, Node node, Graph graph) {
        OptionalInt axis = ofOutputChannels(node, graph);
        return axis.isPresent() ? scheme.perChannel(axis.getAsInt()) : scheme;
    }
}
