package dev.detent.onnx;

import dev.detent.onnx.proto.AttributeProto;
import dev.detent.onnx.proto.GraphProto;
import dev.detent.onnx.proto.NodeProto;
import dev.detent.onnx.proto.TensorProto;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.problem.Problem;
import dev.detent.support.operator.OperatorTable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Finds nodes that are no call of their operator: an input too many or too few, a required one absent, a weight of
 * another rank. Called on what was read, before ONNX Runtime sees it, branches of If, Loop and Scan included: on some
 * of these ONNX Runtime 1.28 does not refuse the model but ends the process.
 */
final class OperatorCheck {

    private final int opset;
    private final Path file;
    private final List<Problem> problems = new ArrayList<>();

    private OperatorCheck(int opset, Path file) {
        this.opset = opset;
        this.file = file;
    }

    /** One for each of those nodes. */
    static List<Problem> problems(GraphProto graph, int opset, Path file) {
        OperatorCheck check = new OperatorCheck(opset, file);
        check.graph(graph);
        return check.problems;
    }

    private void graph(GraphProto g) {
        Map<String, Integer> ranks = new HashMap<>();
        g.getInputList().stream()
                .filter(v -> v.getType().getTensorType().hasShape())
                .forEach(v -> ranks.put(
                        v.getName(), v.getType().getTensorType().getShape().getDimCount()));
        for (TensorProto t : g.getInitializerList()) {
            ranks.put(t.getName(), t.getDimsCount());
        }
        for (NodeProto n : g.getNodeList()) {
            Node node = new Node(
                    n.getName().isEmpty() ? nameless(n) : n.getName(),
                    n.getDomain(),
                    n.getOpType(),
                    n.getInputList(),
                    n.getOutputList(),
                    Map.of(),
                    UnmodeledProto.NONE);
            OperatorTable.problem(node, opset, v -> Optional.ofNullable(ranks.get(v)))
                    .ifPresent(p -> problems.add(Problem.error(
                            OnnxProblems.NOT_ITS_OPERATOR, p + "; the model is damaged", file.toString())));
            n.getAttributeList().stream().filter(AttributeProto::hasG).forEach(a -> graph(a.getG()));
        }
    }

    /** By what it makes. */
    private static String nameless(NodeProto n) {
        return n.getOutputList().stream().filter(o -> !o.isEmpty()).findFirst().orElse("");
    }
}
