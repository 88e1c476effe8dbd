package dev.detent.backends.nnie;

import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BiPredicate;

/**
 * What NNIE cannot run or runs badly (MQBench's NNIE notes; HiSVP guide as quoted by nnieqat): a table of conditions
 * and sentences.
 */
final class NnieLint {

    private static final int LONGEST_NAME = 32;

    /** Operators with a Caffe layer that nnie_mapper knows. */
    private static final Set<String> CAFFE = Set.of(
            "Conv",
            "ConvTranspose",
            "Gemm",
            "Relu",
            "PRelu",
            "LeakyRelu",
            "Clip",
            "Sigmoid",
            "Tanh",
            "MaxPool",
            "AveragePool",
            "GlobalAveragePool",
            "GlobalMaxPool",
            "BatchNormalization",
            "Concat",
            "Add",
            "Mul",
            "Sub",
            "Max",
            "Softmax",
            "Reshape",
            "Flatten",
            "Transpose",
            "Slice",
            "Split",
            "Resize",
            "Upsample",
            "LRN",
            "LSTM",
            "RNN",
            "Dropout",
            "Identity",
            "Pad");

    private record Rule(String text, BiPredicate<Node, Graph> broken) {}

    private static final List<Rule> RULES = List.of(
            new Rule(
                    "is a grouped convolution; NNIE runs it badly or not at all, it stays float here",
                    (n, g) -> n.is("Conv", "ConvTranspose") && n.intAttribute("group", 1) != 1),
            new Rule("has no Caffe layer that nnie_mapper knows", (n, g) -> !n.isOneOf(CAFFE)),
            new Rule(
                    "multiplies two computed tensors; NNIE has no such layer",
                    (n, g) -> n.is("MatMul") && !g.isInitializer(n.input(1))),
            new Rule("pools in floor mode; NNIE pools in ceil mode and gives another size", NnieLint::poolsOtherwise),
            new Rule("is no nearest-neighbour up-sampling by 2", (n, g) -> n.is("Resize") && !doubles(n, g)),
            new Rule(
                    "has a name of more than " + LONGEST_NAME + " characters",
                    (n, g) -> n.name().length() > LONGEST_NAME));

    private NnieLint() {}

    static List<Problem> check(QuantizedModel model) {
        Graph graph = model.graph();
        List<Problem> problems = new ArrayList<>();
        for (ValueInfo input : graph.inputs()) {
            if (input.shape()
                    .map(s -> s.stream().skip(1).anyMatch(d -> !d.isKnown()))
                    .orElse(true)) {
                problems.add(Problem.warning(
                        NnieProblems.DYNAMIC_SHAPE, "has a dynamic shape; NNIE needs fixed ones", input.name()));
            }
        }
        for (Node n : graph.nodes()) {
            RULES.stream()
                    .filter(r -> r.broken().test(n, graph))
                    .forEach(r -> problems.add(Problem.warning(NnieProblems.NO_CAFFE_LAYER, r.text(), n.name())));
        }
        return problems;
    }

    private static boolean poolsOtherwise(Node n, Graph graph) {
        if (!n.is("MaxPool", "AveragePool") || n.intAttribute("ceil_mode", 0) == 1) {
            return false;
        }
        List<Long> kernel = n.intsAttribute("kernel_shape", List.of());
        List<Long> strides = n.intsAttribute("strides", List.of());
        List<Long> pads = n.intsAttribute("pads", List.of());
        long[] shape =
                graph.valueInfo(n.input(0)).flatMap(ValueInfo::staticShape).orElse(new long[0]);
        for (int d = 0; d < kernel.size() && d + 2 < shape.length; d++) {
            long padded = shape[d + 2] + (pads.isEmpty() ? 0 : pads.get(d) + pads.get(d + kernel.size()));
            if ((padded - kernel.get(d)) % (strides.isEmpty() ? 1 : strides.get(d)) != 0) {
                return true;
            }
        }
        return false;
    }

    private static boolean doubles(Node n, Graph graph) {
        Tensor scales = graph.initializer(n.input(2)).orElse(null);
        return n.stringAttribute("mode", "nearest").equals("nearest")
                && scales != null
                && scales.elementCount() == 4
                && scales.floats()[2] == 2
                && scales.floats()[3] == 2;
    }
}
