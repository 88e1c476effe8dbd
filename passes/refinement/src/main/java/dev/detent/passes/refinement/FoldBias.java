package dev.detent.passes.refinement;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.support.operator.WeightLayout;
import java.util.Arrays;
import java.util.List;

/**
 * Makes a constant Add behind a convolution its bias, as some exporters write it (PaddlePaddle: Conv, Reshape of a
 * constant, Add), gives Gemm a plain bias and MatMul a matrix, and first of all makes what depends on constants alone a
 * constant. Not part of PPQ 0.6.5.1, whose rule sets leave all this alone.
 */
final class FoldBias {

    static final PassDefinition DEFINITION = new PassDefinition(
            PassDescriptor.of(
                            "bias-folding",
                            "computes what depends on constants alone; makes a constant Add behind a convolution its bias")
                    .requires(Fact.FORMATTED)
                    .forbids(Fact.DISPATCHED)
                    .editsGraph()
                    .build(),
            FoldBias::run);

    private FoldBias() {}

    private static void run(PassContext context) {
        FoldConstants.apply(context);
        GraphEditor edit = context.editor();
        Graph graph = edit.graph();
        for (Node n : List.copyOf(graph.nodes())) {
            if (n.is("Add")) {
                for (int i = 0; i < 2; i++) {
                    int constant = 1 - i;
                    graph.producer(n.input(i))
                            .filter(c -> isFoldable(graph, c, n, constant))
                            .ifPresent(c -> fold(edit, c, n, constant));
                }
            } else if (n.is("Gemm")) {
                NormalizeGemm.apply(edit, n);
            } else if (n.is("MatMul")) {
                NormalizeMatMul.apply(edit, n);
            }
        }
    }

    private static boolean isFoldable(Graph graph, Node c, Node add, int constant) {
        Tensor bias = graph.initializer(add.input(constant))
                .filter(t -> t.type() == ElementType.FLOAT)
                .orElse(null);
        Tensor weight = graph.initializer(c.input(1)).orElse(null);
        if (!c.is("Conv", "ConvTranspose")
                || bias == null
                || weight == null
                || graph.consumers(c.output(0)).size() != 1
                || graph.isOutput(c.output(0))
                || c.hasInput(2) && !graph.isInitializer(c.input(2))) {
            return false;
        }
        int channels =
                WeightLayout.of(c, weight).map(WeightLayout::outputChannels).orElse(-1);
        // One value per channel: [1, C, 1, 1] or [C, 1, 1].
        int fromChannel = bias.rank() - (weight.rank() - 1);
        return bias.elementCount() == channels
                && fromChannel >= 0
                && bias.rank() > 0
                && bias.dim(fromChannel) == channels
                && Arrays.stream(bias.dims()).filter(d -> d != 1).count() <= 1;
    }

    private static void fold(GraphEditor edit, Node c, Node add, int constant) {
        float[] sum =
                edit.graph().initializer(add.input(constant)).orElseThrow().floats();
        if (c.hasInput(2)) {
            float[] old = edit.graph().initializer(c.input(2)).orElseThrow().floats();
            for (int i = 0; i < sum.length; i++) {
                sum[i] += old[i];
            }
        }
        String bias = edit.freshName(c.name() + "_bias");
        edit.remove(add);
        edit.removeInitializer(add.input(constant));
        edit.initializer(bias, Tensor.ofFloats(new long[] {sum.length}, sum));
        edit.replace(c.withInput(2, bias).withOutput(0, add.output(0)));
    }
}
