package dev.detent.runtime;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import dev.detent.support.graph.GraphWalk;
import dev.detent.support.graph.MemoizedGraphQuery;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Values that depend on constants alone, such as the pads an exporter computes with a dozen nodes. */
public final class ConstantEvaluator {

    /** Elements; shapes and weights that exporters compute with a dozen nodes have far less. */
    private static final long LARGEST = 1L << 26;

    private ConstantEvaluator() {}

    /**
     * The tensor; empty when it depends on an input, on chance or on a subgraph, or has another type than those of
     * shapes and weights.
     */
    public static Optional<Tensor> evaluate(Graph graph, String value) {
        return graph.isInitializer(value)
                ? graph.initializer(value)
                : Optional.ofNullable(evaluate(graph, Set.of(value)).get(value));
    }

    /** Those of the values that are no initializers but depend on constants alone, all from one session. */
    static Map<String, Tensor> evaluate(Graph graph, Set<String> values) {
        MemoizedGraphQuery<String, Boolean> constant = new MemoizedGraphQuery<>(
                v -> computing(graph, v).map(n -> computed(graph, n)).orElse(List.of()),
                (v, known) -> computing(graph, v)
                        .map(n -> computed(graph, n).stream().allMatch(known::apply))
                        .orElse(false));
        List<String> found = values.stream().filter(constant::of).toList();
        if (found.isEmpty()) {
            return Map.of();
        }
        Graph part = new Graph();
        GraphEditor edit = part.edit();
        graph.opsets().forEach(edit::opset);
        edit.opaque(graph.opaque());
        Set<Node> last = new LinkedHashSet<>();
        found.forEach(v -> graph.producer(v).ifPresent(last::add));
        for (Node n : GraphWalk.reach(last, graph::upstream)) {
            n.inputs().forEach(i -> graph.initializer(i).ifPresent(t -> edit.initializer(i, t)));
            edit.add(n);
        }
        edit.sort();
        found.forEach(v -> edit.output(new ValueInfo(v, ElementType.UNDEFINED, Optional.empty(), UnmodeledProto.NONE)));
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        try (OrtSession session = OrtRuntime.session(part, OrtOptimizationLevel.NONE, found.get(0))) {
            refuseLarge(session);
            try (OrtSession.Result result = session.run(Map.of())) {
                for (String v : found) {
                    if (result.get(v).orElseThrow() instanceof OnnxTensor t) {
                        tensor(t).ifPresent(c -> tensors.put(v, c));
                    }
                }
            }
        } catch (OrtException e) {
            throw new UserException(
                    RuntimeProblems.CONSTANTS_FAIL,
                    "cannot be computed from its constants: " + OrtRuntime.firstLine(e),
                    found.get(0),
                    e);
        }
        return tensors;
    }

    /** A few bytes of a model can ask for any amount of memory, such as ConstantOfShape with two thousand million. */
    private static void refuseLarge(OrtSession session) throws OrtException {
        for (Map.Entry<String, NodeInfo> e : session.getOutputInfo().entrySet()) {
            if (e.getValue().getInfo() instanceof TensorInfo t && count(t.getShape()) > LARGEST) {
                throw new UserException(
                        RuntimeProblems.CONSTANT_TOO_LARGE,
                        "is made from constants and would have the shape " + Arrays.toString(t.getShape())
                                + "; the model is damaged, or is to be saved with this value as a weight",
                        e.getKey());
            }
        }
    }

    /** Dimensions that are not known count as 1. */
    private static long count(long[] dims) {
        long count = 1;
        for (long d : dims) {
            count = d > 0 && count > Long.MAX_VALUE / d ? Long.MAX_VALUE : count * Math.max(1, d);
        }
        return count;
    }

    /** The node that makes the value, if its result is the same at every run with the same inputs. */
    private static Optional<Node> computing(Graph graph, String value) {
        return graph.producer(value).filter(n -> !OperatorTable.is(n, Trait.RANDOM) && !n.hasSubgraph());
    }

    /** Inputs that are no constants as they stand. */
    private static List<String> computed(Graph graph, Node n) {
        return n.inputs().stream()
                .filter(i -> !i.isEmpty() && !graph.isInitializer(i))
                .toList();
    }

    private static Optional<Tensor> tensor(OnnxTensor t) {
        ElementType type = ShapeInference.type(t.getInfo().type);
        if (!List.of(ElementType.FLOAT, ElementType.INT64, ElementType.INT32, ElementType.INT8, ElementType.UINT8)
                .contains(type)) {
            return Optional.empty();
        }
        ByteBuffer copy =
                ByteBuffer.allocate((int) type.bytes(Tensor.count(t.getInfo().getShape())));
        copy.put(t.getByteBuffer()).flip();
        return Optional.of(Tensor.of(type, t.getInfo().getShape(), copy));
    }
}
