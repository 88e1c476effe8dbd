package dev.detent.runtime;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
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
import dev.detent.support.operator.OperatorTable;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Types and shapes of all values, asked of ONNX Runtime: a session over the same graph with every value as an output
 * tells them without running anything. Large constants become inputs first, so the size of the weights does not matter.
 */
public final class ShapeInference {

    /** Constants up to this many elements may decide a shape and stay. */
    private static final int SMALL = 1024;

    /**
     * Nodes that are asked about in one session: what it costs grows with the square of its outputs (ONNX Runtime
     * 1.28), minutes for 50,000. More than networks have that people use.
     */
    private static final int TOGETHER = 8192;

    private ShapeInference() {}

    /** Writes what it learns into the graph's value infos; what is declared already stays. */
    public static void infer(Graph graph, String where) {
        Graph skeleton = graph.copy();
        GraphEditor edit = skeleton.edit();
        for (Map.Entry<String, Tensor> e : graph.initializers().entrySet()) {
            Tensor t = e.getValue();
            if (t.elementCount() > SMALL && t.type() != ElementType.STRING) {
                edit.removeInitializer(e.getKey());
                edit.input(ValueInfo.of(e.getKey(), t.type(), t.dims()));
            }
        }
        Set<String> shaping = new LinkedHashSet<>();
        for (Node n : graph.nodes()) {
            for (int i = 0; i < n.inputs().size(); i++) {
                // Exporters like to compute them from constants.
                if (n.hasInput(i) && OperatorTable.role(n, i, graph).decidesShape()) {
                    shaping.add(n.input(i));
                }
            }
        }
        ConstantEvaluator.evaluate(graph, shaping).forEach((value, t) -> {
            String known = edit.freshName(value + "_known");
            edit.initializer(known, t);
            List.copyOf(skeleton.uses(value))
                    .forEach(u -> edit.replace(
                            skeleton.node(u.node().name()).orElseThrow().withInput(u.index(), known)));
        });
        List<Node> nodes = List.copyOf(skeleton.nodes());
        for (int from = 0; from < nodes.size(); from += TOGETHER) {
            ask(part(skeleton, nodes.subList(from, Math.min(from + TOGETHER, nodes.size())), graph), graph, where);
        }
    }

    /** Some nodes with all that they make as outputs, and as inputs what others make, as far as it is known by then. */
    private static Graph part(Graph skeleton, List<Node> nodes, Graph known) {
        Graph part = nodes.size() == skeleton.nodes().size() ? skeleton : new Graph();
        GraphEditor edit = part.edit().clearOutputs();
        if (nodes.size() < skeleton.nodes().size()) {
            edit.opaque(skeleton.opaque());
            skeleton.opsets().forEach(edit::opset);
            Set<String> made = nodes.stream().flatMap(n -> n.outputs().stream()).collect(Collectors.toSet());
            nodes.stream()
                    .flatMap(n -> Stream.concat(n.inputs().stream(), n.capturedValues().stream()))
                    .distinct()
                    .filter(v -> !v.isEmpty() && !made.contains(v))
                    .forEach(v -> skeleton.initializer(v)
                            .ifPresentOrElse(
                                    t -> edit.initializer(v, t),
                                    () -> skeleton.valueInfo(v)
                                            .filter(i -> skeleton.isInput(v))
                                            .or(() -> known.valueInfo(v))
                                            .ifPresent(edit::input)));
            nodes.forEach(edit::add);
        }
        for (Node n : nodes) {
            for (String o : n.outputs()) {
                if (!o.isEmpty()) {
                    edit.output(new ValueInfo(o, ElementType.UNDEFINED, Optional.empty(), UnmodeledProto.NONE));
                }
            }
        }
        return part;
    }

    private static void ask(Graph part, Graph graph, String where) {
        GraphEditor result = graph.edit();
        try (OrtSession session = OrtRuntime.session(part, OrtOptimizationLevel.NONE, where)) {
            for (Map.Entry<String, NodeInfo> e : session.getOutputInfo().entrySet()) {
                if (graph.valueInfo(e.getKey())
                                .filter(v -> v.staticShape().isPresent())
                                .isEmpty()
                        && e.getValue().getInfo() instanceof TensorInfo t) {
                    // ONNX Runtime's Java API shows an unknown rank as an empty shape; a scalar looks the same.
                    result.valueInfo(new ValueInfo(
                            e.getKey(),
                            type(t.type),
                            t.getShape().length == 0 ? Optional.empty() : Optional.of(dimensions(t)),
                            UnmodeledProto.NONE));
                }
            }
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<ValueInfo.Dimension> dimensions(TensorInfo info) {
        List<ValueInfo.Dimension> dims = new ArrayList<>();
        String[] symbols = info.getDimensionNames();
        long[] shape = info.getShape();
        for (int i = 0; i < shape.length; i++) {
            dims.add(
                    shape[i] >= 0
                            ? ValueInfo.Dimension.of(shape[i])
                            : new ValueInfo.Dimension(-1, symbols != null && i < symbols.length ? symbols[i] : ""));
        }
        return dims;
    }

    static ElementType type(OnnxJavaType type) {
        return switch (type) {
            case FLOAT -> ElementType.FLOAT;
            case DOUBLE -> ElementType.DOUBLE;
            case INT8 -> ElementType.INT8;
            case UINT8 -> ElementType.UINT8;
            case INT16 -> ElementType.INT16;
            case INT32 -> ElementType.INT32;
            case INT64 -> ElementType.INT64;
            case BOOL -> ElementType.BOOL;
            case STRING -> ElementType.STRING;
            case FLOAT16 -> ElementType.FLOAT16;
            case BFLOAT16 -> ElementType.BFLOAT16;
            default -> ElementType.UNDEFINED;
        };
    }

    static OnnxJavaType javaType(ElementType type) {
        return switch (type) {
            case FLOAT -> OnnxJavaType.FLOAT;
            case DOUBLE -> OnnxJavaType.DOUBLE;
            case INT8 -> OnnxJavaType.INT8;
            case UINT8 -> OnnxJavaType.UINT8;
            case INT16 -> OnnxJavaType.INT16;
            case INT32 -> OnnxJavaType.INT32;
            case INT64 -> OnnxJavaType.INT64;
            case BOOL -> OnnxJavaType.BOOL;
            case FLOAT16 -> OnnxJavaType.FLOAT16;
            case BFLOAT16 -> OnnxJavaType.BFLOAT16;
            default -> throw new IllegalArgumentException("no tensor of " + type + " can be fed");
        };
    }
}
