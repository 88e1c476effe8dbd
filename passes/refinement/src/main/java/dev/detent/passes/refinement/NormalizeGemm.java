package dev.detent.passes.refinement;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.support.operator.WeightLayout;
import java.util.Optional;

/**
 * Gives a Gemm with constant weights the form that integer kernels compute: no factors, and a bias of one value per
 * channel. ONNX Runtime 1.28 takes a quantized bias of one value for one with the weights' scales, whatever scale
 * stands beside it.
 */
final class NormalizeGemm {

    private NormalizeGemm() {}

    static void apply(GraphEditor edit, Node gemm) {
        Optional<Tensor> weight = constant(edit.graph(), gemm, 1).filter(w -> w.rank() == 2);
        if (weight.isEmpty()) {
            return;
        }
        Node plain = gemm;
        float alpha = gemm.floatAttribute("alpha", 1);
        if (alpha != 1) {
            plain = with(edit, plain, 1, weight.get().dims(), weight.get().floats(), alpha)
                    .withoutAttribute("alpha");
        }
        int channels = WeightLayout.of(gemm, weight.get()).orElseThrow().outputChannels();
        float beta = gemm.floatAttribute("beta", 1);
        Tensor bias = constant(edit.graph(), gemm, 2)
                .filter(b -> isPerChannel(b, channels) && (beta != 1 || b.rank() != 1 || b.dim(0) != channels))
                .orElse(null);
        if (bias != null) {
            float[] given = bias.floats();
            float[] values = new float[channels];
            for (int c = 0; c < channels; c++) {
                values[c] = given[c % given.length];
            }
            plain = with(edit, plain, 2, new long[] {channels}, values, beta).withoutAttribute("beta");
        }
        if (plain != gemm) {
            edit.replace(plain).removeUnreadInitializers();
        }
    }

    /** One value for all channels, or one row. */
    private static boolean isPerChannel(Tensor bias, int channels) {
        return bias.elementCount() == 1 || bias.elementCount() == channels && bias.dim(bias.rank() - 1) == channels;
    }

    private static Optional<Tensor> constant(Graph graph, Node gemm, int input) {
        return graph.initializer(gemm.input(input)).filter(t -> t.type() == ElementType.FLOAT);
    }

    private static Node with(GraphEditor edit, Node gemm, int input, long[] dims, float[] values, float factor) {
        for (int i = 0; i < values.length; i++) {
            values[i] *= factor;
        }
        String name = edit.freshName(gemm.input(input) + "_plain");
        edit.initializer(name, Tensor.ofFloats(dims, values));
        return gemm.withInput(input, name);
    }
}
