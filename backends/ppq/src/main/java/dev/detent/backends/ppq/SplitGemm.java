package dev.detent.backends.ppq;

import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.problem.UserException;
import java.util.List;
import java.util.Map;

/** Gemm becomes MatMul, its bias an Add with PPQ's generated name (PPQ's MetaxGemmSplitPass). */
final class SplitGemm {

    static final String ID = "metax-gemm-split";

    static final PassDefinition DEFINITION = new PassDefinition(
            PassDescriptor.of(ID, "Gemm as MatMul and Add")
                    .requires(Fact.FORMATTED)
                    .forbids(Fact.DISPATCHED)
                    .after("bias-folding", "a Gemm is rewritten with its final bias")
                    .after("equalization", "layers are balanced while a Gemm is one node")
                    .before("smoothing", "channels are balanced through the operators the target sees")
                    .editsGraph()
                    .build(),
            SplitGemm::run);

    private SplitGemm() {}

    private static void run(PassContext context) {
        GraphEditor edit = context.editor();
        Graph graph = edit.graph();
        int operation = 0;
        for (Node n : List.copyOf(graph.nodes())) {
            if (!n.is("Gemm") || !graph.isInitializer(n.input(1))) {
                continue;
            }
            if (n.intAttribute("transA", 0) == 1) {
                throw new UserException(
                        PpqProblems.TRANSPOSED_GEMM, "a Gemm with transA = 1 cannot become a MatMul", n.name());
            }
            edit.initializer(
                    n.input(1),
                    Gemm.weights(
                            graph.initializer(n.input(1)).orElseThrow(),
                            n.intAttribute("transB", 0) == 1,
                            n.floatAttribute("alpha", 1)));
            Node product = new Node(
                    n.name(),
                    "",
                    "MatMul",
                    List.of(n.input(0), n.input(1)),
                    n.outputs(),
                    Map.<String, Attribute>of(),
                    UnmodeledProto.NONE);
            if (n.hasInput(2)) {
                String inner = edit.freshName(n.output(0) + "_product");
                product = product.withOutput(0, inner);
                float beta = n.floatAttribute("beta", 1);
                graph.initializer(n.input(2))
                        .filter(b -> beta != 1)
                        .ifPresent(b -> edit.initializer(n.input(2), Gemm.scaled(b, beta)));
                edit.replace(product);
                edit.add(Node.of(
                        "PPQ_Operation_" + operation++, "Add", List.of(inner, n.input(2)), n.outputs(), Map.of()));
            } else {
                edit.replace(product);
            }
        }
        edit.sort();
    }
}
