package dev.detent.backends.nnie;

import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiPredicate;

/**
 * What NNIE cannot run or runs badly (MQBench's NNIE notes; HiSVP guide as quoted by nnieqat): a table of conditions
 * and sentences. What Caffe has no layer for, the export says (DT-NNI-003).
 */
final class NnieLint {

    private record Rule(String text, BiPredicate<Node, Graph> broken) {}

    private static final List<Rule> RULES = List.of(
            new Rule(
                    "is a grouped convolution; NNIE runs it badly or not at all, it stays float here",
                    (n, g) -> n.is("Conv", "ConvTranspose") && n.intAttribute("group", 1) != 1),
            new Rule(
                    "multiplies two computed tensors; NNIE has no such layer",
                    (n, g) -> n.is("MatMul") && !g.isInitializer(n.input(1))),
            new Rule("is no nearest-neighbour up-sampling by 2", (n, g) -> n.is("Resize") && !doubles(n, g)));

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
                    .forEach(r -> problems.add(Problem.warning(NnieProblems.RUNS_BADLY, r.text(), n.name())));
        }
        return problems;
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
