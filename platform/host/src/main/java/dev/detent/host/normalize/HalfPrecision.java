package dev.detent.host.normalize;

import dev.detent.runtime.ShapeInference;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.graph.ValueInfo;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Models of 16-bit floats, as GPUs are fed. Quantization starts from 32-bit ones, into which every 16-bit number fits:
 * calibration, simulation and the artefact's float operators then are what the model says, without its rounding.
 */
public final class HalfPrecision {

    private static final Set<ElementType> HALF = EnumSet.of(ElementType.FLOAT16, ElementType.BFLOAT16);

    /** Attributes that hold the type of an output. */
    private static final Set<String> TYPES = Set.of("to", "dtype");

    private HalfPrecision() {}

    /** Inputs and outputs of the model that are 16-bit floats. */
    public static List<String> ports(Graph graph) {
        return Stream.concat(graph.inputs().stream(), graph.outputs().stream())
                .filter(v -> HALF.contains(v.type()))
                .map(ValueInfo::name)
                .toList();
    }

    /**
     * Makes 32-bit floats of all 16-bit ones.
     *
     * @return whether there were any; a model with subgraphs, which nothing here looks into, is left as it is
     */
    public static boolean widen(Graph graph, String where) {
        boolean half = graph.initializers().values().stream().anyMatch(t -> HALF.contains(t.type()))
                || graph.inputs().stream().anyMatch(v -> HALF.contains(v.type()))
                || graph.nodes().stream().anyMatch(n -> widened(n) != n);
        if (!half || graph.nodes().stream().anyMatch(Node::hasSubgraph)) {
            return false;
        }
        GraphEditor edit = graph.edit();
        Map.copyOf(graph.initializers()).forEach((name, t) -> edit.initializer(name, widened(t)));
        List.copyOf(graph.nodes()).forEach(n -> edit.replace(widened(n)));
        List<ValueInfo> inputs = List.copyOf(graph.inputs());
        edit.clearInputs();
        inputs.forEach(v -> edit.input(widened(v)));
        List<ValueInfo> outputs = List.copyOf(graph.outputs());
        edit.clearOutputs();
        outputs.forEach(v -> edit.output(widened(v)));
        List.copyOf(graph.valueInfos().values()).forEach(v -> edit.valueInfo(widened(v)));
        ShapeInference.infer(graph, where);
        for (Node n : List.copyOf(graph.nodes())) {
            Node current = graph.node(n.name()).orElseThrow();
            if (n.is("Cast")
                    && graph.isFloat(current.input(0))
                    && graph.isFloat(n.output(0))
                    && edit.canBypass(current)) {
                edit.bypass(current);
            }
        }
        return true;
    }

    private static Node widened(Node node) {
        Node wide = node;
        for (Map.Entry<String, Attribute> a : node.attributes().entrySet()) {
            if (a.getValue() instanceof Attribute.TensorValue t
                    && HALF.contains(t.value().type())) {
                wide = wide.withAttribute(a.getKey(), new Attribute.TensorValue(widened(t.value())));
            } else if (TYPES.contains(a.getKey())
                    && a.getValue() instanceof Attribute.IntValue i
                    && ElementType.ofCode((int) i.value())
                            .filter(HALF::contains)
                            .isPresent()) {
                wide = wide.withAttribute(a.getKey(), new Attribute.IntValue(ElementType.FLOAT.code()));
            }
        }
        return wide;
    }

    private static Tensor widened(Tensor t) {
        return HALF.contains(t.type()) ? Tensor.ofFloats(t.dims(), t.floats()) : t;
    }

    private static ValueInfo widened(ValueInfo v) {
        return HALF.contains(v.type()) ? new ValueInfo(v.name(), ElementType.FLOAT, v.shape(), UnmodeledProto.NONE) : v;
    }
}
