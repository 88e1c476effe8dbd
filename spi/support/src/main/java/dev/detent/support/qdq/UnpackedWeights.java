package dev.detent.support.qdq;

import dev.detent.spi.Experimental;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.quant.Granularity;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ArtifactGraph;
import dev.detent.support.export.ReadBackParameters;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Weights of operators that compute in float as int8 codes: a Cast and a Mul with the scales. ONNX Runtime works both
 * out once, when it loads the file, where it leaves a DequantizeLinear standing for kernels that might want codes, and
 * decodes the weight at every run (1.28, two convolutions of 257 x 512: 0.19 ms of 8.3). The numbers are the same.
 */
@Experimental(since = "1.0")
public final class UnpackedWeights {

    private static final String CODES = "_packed";
    private static final String CAST = "_unpacked_Cast";
    private static final String MUL = "_unpacked_Mul";

    private UnpackedWeights() {}

    /** Whether a weight can be written so: a constant in symmetric int8, with one scale or one for each channel. */
    public static boolean areAt(TensorQuantization c, Graph graph) {
        return c.slot().isInput()
                && graph.isInitializer(c.value())
                && c.scheme().symmetric()
                && c.scheme().bits() <= 8
                && c.scheme().quantMin() >= ElementType.INT8.lowest()
                && c.scheme().quantMax() <= ElementType.INT8.highest()
                && !(c.scheme().granularity() instanceof Granularity.PerBlock);
    }

    /** Puts codes in the place of the weight that the node of {@code c} reads. */
    public static void write(GraphEditor edit, TensorQuantization c) {
        Graph graph = edit.graph();
        Node reader = graph.node(c.slot().node()).orElseThrow();
        int index = c.slot().index();
        String stem = reader.input(index);
        Tensor weight = graph.initializer(stem).orElseThrow();
        QuantizationParameters p = c.qparams().orElseThrow();
        String codes = edit.freshName(stem + CODES);
        edit.initializer(codes, QdqGraphBuilder.codes(weight, c, ElementType.INT8));
        long[] shape = new long[p.channels() == 1 ? 0 : weight.rank()];
        Arrays.fill(shape, 1);
        if (shape.length > 0) {
            shape[c.scheme().axis().orElseThrow()] = p.channels();
        }
        String scale = edit.freshName(stem + "_scale");
        edit.initializer(scale, Tensor.ofFloats(shape, p.scales()));
        String cast = edit.freshName(stem + "_cast");
        String unpacked = edit.freshName(stem + "_unpacked");
        edit.add(Node.of(
                edit.freshName(stem + CAST),
                "Cast",
                List.of(codes),
                List.of(cast),
                Map.of("to", new Attribute.IntValue(ElementType.FLOAT.code()))));
        edit.add(Node.of(edit.freshName(stem + MUL), "Mul", List.of(cast, scale), List.of(unpacked), Map.of()));
        edit.replace(reader.withInput(index, unpacked));
        if (graph.uses(stem).isEmpty() && !graph.isCaptured(stem)) {
            edit.removeInitializer(stem);
        }
    }

    /** The Cast in front of a Mul that {@link #write} made. */
    private static Optional<Node> cast(Graph graph, Node mul) {
        return !mul.is("Mul") || !mul.name().contains(MUL)
                ? Optional.empty()
                : graph.producer(mul.input(0))
                        .filter(c -> c.is("Cast") && c.name().contains(CAST))
                        .filter(c -> graph.initializer(c.input(0))
                                .filter(t -> t.type() == ElementType.INT8)
                                .isPresent());
    }

    /** Undoes every {@link #write} in a file, and says what the scales were, by the slot that reads the weight. */
    public static Map<Slot, QuantizationParameters> restoreAll(ArtifactGraph file) {
        Map<Slot, QuantizationParameters> found = new LinkedHashMap<>();
        Graph graph = file.graph();
        GraphEditor edit = graph.edit();
        for (Node mul : List.copyOf(graph.nodes())) {
            Optional<Node> cast = cast(graph, mul);
            if (cast.isPresent()) {
                restore(file, edit, mul, cast.get(), found);
            }
        }
        edit.removeUnreadInitializers();
        return found;
    }

    private static void restore(
            ArtifactGraph file, GraphEditor edit, Node mul, Node cast, Map<Slot, QuantizationParameters> found) {
        Graph graph = file.graph();
        Tensor codes = file.constant(cast, 0);
        Tensor scale = file.constant(mul, 1);
        float[] scales = file.floats(mul, 1);
        int axis = 0;
        while (axis < scale.rank() && scale.dim(axis) == 1) {
            axis++;
        }
        boolean whole = scales.length == 1;
        if (!whole && (scale.rank() != codes.rank() || codes.dim(axis) != scales.length)) {
            throw file.damaged(mul, "has " + scales.length + " scales that do not fit " + codes);
        }
        int stride = whole ? Integer.MAX_VALUE : new Granularity.PerChannel(axis).channelStride(codes.dims());
        int[] q = file.codes(cast, 0);
        float[] values = new float[q.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = q[i] * scales[i / stride % scales.length];
        }
        int end = cast.input(0).lastIndexOf(CODES);
        String name = end > 0 ? cast.input(0).substring(0, end) : cast.input(0);
        String weight = graph.isInitializer(name) ? edit.freshName(name) : name;
        QuantizationParameters p = ReadBackParameters.parameters(mul.name(), scales);
        graph.uses(mul.output(0)).forEach(u -> found.put(Slot.input(u.node().name(), u.index()), p));
        edit.initializer(weight, Tensor.ofFloats(codes.dims(), values));
        edit.redirect(mul.output(0), weight).remove(mul);
        if (graph.uses(cast.output(0)).isEmpty()) {
            edit.remove(cast);
        }
    }
}
