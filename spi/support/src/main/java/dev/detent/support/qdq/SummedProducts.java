package dev.detent.support.qdq;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.TensorQuantization;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A product that is added to another in float, as a recurrent step that is written out does (x W + h R), is a Gemm
 * without a bias in the file. Of a MatMul ONNX Runtime (1.28, MatMulAddFusion) makes a Gemm with the other one as its
 * bias, which has no integer kernel: it decodes the weights at every run (a denoiser of 512 samples: 0.6 ms, float
 * 0.16). A Gemm it leaves alone, and computes in integers.
 */
final class SummedProducts {

    private static final int MATRIX = 2;

    private SummedProducts() {}

    static void write(GraphEditor edit, Quantization quantization) {
        Graph graph = edit.graph();
        for (Node n : List.copyOf(graph.nodes())) {
            if (n.is("MatMul")
                    && codes(quantization, n, 1).isPresent()
                    && codes(quantization, n, 0)
                            .filter(c -> rank(graph, c.value()) == MATRIX)
                            .isPresent()
                    && rank(graph, n.output(0)) == MATRIX
                    && isSummed(graph, n)) {
                edit.replace(Node.of(n.name(), "Gemm", n.inputs(), n.outputs(), Map.of()));
            }
        }
    }

    private static Optional<? extends TensorQuantization> codes(Quantization quantization, Node product, int input) {
        return quantization.input(product, input).filter(c -> c.root().state().isWritten());
    }

    /** By an Add of its own, to what is no bias in codes. */
    private static boolean isSummed(Graph graph, Node product) {
        Set<Node> readers = graph.consumers(product.output(0));
        Node add = readers.iterator().hasNext() ? readers.iterator().next() : product;
        if (readers.size() != 1 || !add.is("Add") || graph.isOutput(product.output(0))) {
            return false;
        }
        String other = add.input(add.input(0).equals(product.output(0)) ? 1 : 0);
        int rank = rank(graph, other);
        return rank > 0
                && rank <= MATRIX
                && graph.producer(other)
                        .filter(p -> p.opType().equals("DequantizeLinear") && graph.isInitializer(p.input(0)))
                        .isEmpty();
    }

    /** -1 where nobody knows. */
    private static int rank(Graph graph, String value) {
        return graph.initializer(value)
                .map(Tensor::rank)
                .or(() -> graph.valueInfo(value).flatMap(ValueInfo::shape).map(List::size))
                .orElse(-1);
    }
}
