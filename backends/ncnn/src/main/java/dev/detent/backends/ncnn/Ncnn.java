package dev.detent.backends.ncnn;

import dev.detent.spi.backend.Backend;
import dev.detent.spi.backend.NodeRule;
import dev.detent.spi.backend.Target;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.quant.CodeRange;
import dev.detent.spi.quant.Rounding;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.number.LinearInteger;
import dev.detent.support.qdq.QdqExporter;
import dev.detent.support.qdq.QdqGraphBuilder;
import dev.detent.support.target.DeclaredTarget;
import java.util.List;
import java.util.Set;
import org.pf4j.Extension;

/**
 * ncnn's int8: convolutions and inner products take symmetric int8 inputs and per-channel weights; everything between
 * stays float. 3x3 stride-1 convolutions run as Winograd, which leaves their weights 6 bits (ncnn,
 * tools/quantize/ncnn2table.cpp). Ties away from zero.
 */
@Extension
public final class Ncnn implements Backend {

    private static final Scheme S8 = LinearInteger.symmetric(8, -127, 127).with(Rounding.HALF_AWAY_FROM_ZERO);
    private static final Set<String> TYPES = Set.of("Conv", "Gemm");

    @Override
    public List<Target> targets() {
        return List.of(DeclaredTarget.of(
                        "ncnn", "ncnn: int8 convolutions and inner products, per-channel weights, 6 bits for Winograd")
                .quantizes(TYPES)
                .onlyIf(Ncnn::hasLayer)
                .activations(S8, "mse")
                .channelWeights(S8, "minmax", TYPES)
                .floatOutputs()
                .adjusted(Ncnn::winograd)
                .recipe(host -> host.inputsOnly().without("passive-parameters"))
                .writes(
                        new TableExporter(),
                        new QdqExporter("the same numbers as Q/DQ nodes", QdqGraphBuilder.Form.OTHER_TIES))
                .lint(Ncnn::lint)
                .build());
    }

    /**
     * A fully connected layer wants its weight as [out, in]; grouped convolutions have one weight scale per group,
     * which is one per channel for depthwise ones only.
     */
    private static boolean hasLayer(Node node, Graph graph) {
        if (node.is("Gemm")) {
            return node.intAttribute("transA", 0) == 0
                    && node.intAttribute("transB", 0) == 1
                    && node.floatAttribute("alpha", 1) == 1
                    && node.floatAttribute("beta", 1) == 1
                    && graph.isInitializer(node.input(1));
        }
        long group = node.intAttribute("group", 1);
        return graph.initializer(node.input(1))
                .map(t -> group == 1 || group == t.dim(0))
                .orElse(false);
    }

    private static NodeRule winograd(NodeRule rule, Node node, Graph graph) {
        Tensor w = graph.initializer(node.input(1)).orElseThrow();
        boolean winograd = node.is("Conv")
                && node.intAttribute("group", 1) == 1
                && w.rank() == 4
                && w.dim(2) == 3
                && w.dim(3) == 3
                && node.intsAttribute("dilations", List.of(1L)).stream().allMatch(d -> d == 1)
                && node.intsAttribute("strides", List.of(1L)).stream().allMatch(d -> d == 1);
        return winograd
                ? rule.input(
                        1,
                        rule.inputs().get(1).with(rule.inputs().get(1).scheme().with(new CodeRange(6, -31, 31))))
                : rule;
    }

    private static List<Problem> lint(QuantizedModel model) {
        Graph graph = model.graph();
        return graph.nodes().stream()
                .filter(n -> n.isOneOf(TYPES) && !model.quantization().isQuantized(n))
                .map(n -> Problem.note(
                        NcnnProblems.NO_INT8_LAYER,
                        "has no int8 layer in ncnn (grouped but not depthwise, or a Gemm that is not a plain fully connected layer); it runs in float",
                        n.name()))
                .toList();
    }
}
