package dev.detent.runtime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Opaque;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import java.nio.ByteBuffer;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Values that depend on constants alone, such as the pads an exporter computes with a dozen nodes. */
public final class Constants {

    /** Different at every run, whatever their inputs. */
    private static final Set<String> RANDOM = Set.of("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial",
            "Bernoulli");

    private Constants() {}

    /** The tensor; empty when it depends on an input, on chance or on a subgraph, or has a type of other than 8 to 64 bits. */
    public static Optional<Tensor> evaluate(Graph graph, String value) {
        if (graph.isInitializer(value)) {
            return graph.initializer(value);
        }
        Set<Node> ancestors = new LinkedHashSet<>();
        if (!collect(graph, value, ancestors)) {
            return Optional.empty();
        }
        Graph part = new Graph();
        GraphEditor edit = part.edit();
        graph.opsets().forEach(edit::opset);
        edit.opaque(graph.opaque());
        for (Node n : ancestors) {
            n.inputs().forEach(i -> graph.initializer(i).ifPresent(t -> edit.initializer(i, t)));
            edit.add(n);
        }
        edit.output(new ValueInfo(value, ElementType.UNDEFINED, Optional.empty(), Opaque.NONE));
        edit.sort();
        try (OrtSession session = OrtRuntime.session(part, Optimization.NONE, value); OrtSession.Result result = session.run(Map.of())) {
            return result.get(0) instanceof OnnxTensor t ? tensor(t) : Optional.empty();
        } catch (OrtException e) {
            return Optional.empty();
        }
    }

    private static boolean collect(Graph graph, String value, Set<Node> ancestors) {
        Optional<Node> producer = graph.producer(value);
        if (producer.isEmpty() || producer.get().isOneOf(RANDOM) || producer.get().attributes().values().stream()
                .anyMatch(dev.detent.spi.graph.Attribute.Subgraph.class::isInstance)) {
            return false;
        }
        return ancestors.contains(producer.get()) || producer.get().inputs().stream().filter(i -> !i.isEmpty() && !graph.isInitializer(i))
                .allMatch(i -> collect(graph, i, ancestors)) && ancestors.add(producer.get());
    }

    private static Optional<Tensor> tensor(OnnxTensor t) {
        ElementType type = ShapeInference.type(t.getInfo().type);
        if (!List.of(ElementType.FLOAT, ElementType.INT64, ElementType.INT32, ElementType.INT8, ElementType.UINT8).contains(type)) {
            return Optional.empty();
        }
        ByteBuffer copy = ByteBuffer.allocate((int) type.bytes(Tensor.count(t.getInfo().getShape())));
        copy.put(t.getByteBuffer()).flip();
        return Optional.of(Tensor.of(type, t.getInfo().getShape(), copy));
    }
}
