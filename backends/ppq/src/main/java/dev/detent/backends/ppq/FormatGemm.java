package dev.detent.backends.ppq;

import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassDescriptor;

/** ncnn knows y = x W^T + b only: transposes weights, folds alpha and beta (PPQ's NCNNFormatGemmPass). */
final class FormatGemm {

    static final String ID = "ncnn-format-gemm";

    static final PassDefinition DEFINITION = new PassDefinition(
            PassDescriptor.of(ID, "Gemm with transB = 1 and alpha = beta = 1")
                    .requires(Fact.FORMATTED)
                    .forbids(Fact.DISPATCHED)
                    .after("bias-folding", "a Gemm is rewritten with its final bias")
                    .after("equalization", "layers are balanced while a Gemm has the model's form")
                    .after(SplitGemm.ID, "what is left of Gemm is formatted")
                    .before("smoothing", "channels are balanced through the operators the target sees")
                    .editsGraph()
                    .build(),
            FormatGemm::run);

    private FormatGemm() {}

    private static void run(PassContext context) {
        for (Node n : java.util.List.copyOf(context.graph().nodes())) {
            if (n.is("Gemm") && context.graph().isInitializer(n.input(1))) {
                format(context.editor(), n);
            }
        }
    }

    private static void format(GraphEditor edit, Node n) {
        Tensor w = edit.graph().initializer(n.input(1)).orElseThrow();
        float alpha = n.floatAttribute("alpha", 1);
        boolean transposed = n.intAttribute("transB", 0) == 1;
        edit.initializer(n.input(1), Gemm.weights(w, !transposed, alpha));
        float beta = n.floatAttribute("beta", 1);
        if (beta != 1 && edit.graph().isInitializer(n.input(2))) {
            edit.initializer(
                    n.input(2), Gemm.scaled(edit.graph().initializer(n.input(2)).orElseThrow(), beta));
        }
        edit.replace(n.withAttribute("transB", new Attribute.IntValue(1))
                .withAttribute("alpha", new Attribute.FloatValue(1))
                .withAttribute("beta", new Attribute.FloatValue(1)));
    }
}
