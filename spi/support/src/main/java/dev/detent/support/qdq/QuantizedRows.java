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
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ArtifactGraph;
import dev.detent.support.export.ReadBackParameters;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An embedding table as int8 codes with a scale for each row. The rows are taken first and decoded afterwards: Gather
 * of codes, Gather of scales, Cast, Mul. A DequantizeLinear in front of the Gather would decode the whole table at
 * every run (ONNX Runtime 1.28, 30522 x 384: 9.3 ms instead of 0.07), and one behind it takes the scales of rows only
 * from opset 21 on.
 */
@Experimental(since = "1.0")
public final class QuantizedRows {

    private static final String CODES = "_row_codes";
    private static final String SCALES = "_row_scales";

    private QuantizedRows() {}

    /** Whether a config is that of a table that is written so: symmetric int8 by rows, at a Gather. */
    static boolean areAt(TensorQuantization c, Node n, Graph graph) {
        return n.is("Gather")
                && c.slot().isInput()
                && c.slot().index() == 0
                && graph.isInitializer(c.value())
                && c.scheme().symmetric()
                && c.scheme().bits() == 8
                && c.scheme().granularity().equals(new Granularity.PerChannel(0));
    }

    /** Puts codes in the place of the table that {@code gather} reads. */
    public static void write(GraphEditor edit, Node gather, TensorQuantization c) {
        Tensor table = edit.graph().initializer(gather.input(0)).orElseThrow();
        String codes = edit.freshName(c.value() + CODES);
        edit.initializer(codes, QdqGraphBuilder.codes(table, c, ElementType.INT8));
        String scales = edit.freshName(c.value() + SCALES);
        QuantizationParameters p = c.qparams().orElseThrow();
        edit.initializer(scales, Tensor.ofFloats(new long[] {p.channels(), 1}, p.scales()));
        String out = gather.output(0);
        String taken = edit.freshName(out + "_codes");
        String cast = edit.freshName(out + "_cast");
        String scale = edit.freshName(out + "_scale");
        Map<String, Attribute> toFloat = Map.of("to", new Attribute.IntValue(ElementType.FLOAT.code()));
        edit.replace(Node.of(gather.name(), "Mul", List.of(cast, scale), List.of(out), Map.of()));
        edit.add(take(gather.name() + CODES, codes, gather.input(1), taken));
        edit.add(take(gather.name() + SCALES, scales, gather.input(1), scale));
        edit.add(Node.of(edit.freshName(gather.name() + "_Cast"), "Cast", List.of(taken), List.of(cast), toFloat));
    }

    private static Node take(String name, String table, String indices, String out) {
        return Node.of(name, "Gather", List.of(table, indices), List.of(out), Map.of());
    }

    /** Whether {@link #write} put {@code n} in the place of a Gather. */
    public static boolean isWritten(Graph graph, Node n) {
        return codes(graph, n).isPresent();
    }

    /** What takes the codes that {@code n} decodes. */
    static Optional<Node> codes(Graph graph, Node n) {
        return n.is("Mul") && graph.node(n.name() + SCALES).isPresent()
                ? graph.node(n.name() + CODES)
                        .filter(g -> g.is("Gather")
                                && graph.initializer(g.input(0))
                                        .filter(t -> t.type() == ElementType.INT8 && t.rank() == 2)
                                        .isPresent())
                : Optional.empty();
    }

    /** The scales of the rows that {@code n} gives. */
    public static QuantizationParameters parameters(ArtifactGraph file, Node n) {
        return ReadBackParameters.parameters(n.name(), file.floats(file.producer(n, 1), 0));
    }

    /** Undoes {@link #write}: a Gather of the real rows. */
    public static void restore(ArtifactGraph file, GraphEditor edit, Node n) {
        Node cast = file.producer(n, 0);
        Node reader = file.producer(cast, 0);
        Tensor codes = file.constant(reader, 0);
        float[] scales = parameters(file, n).scales();
        if (codes.rank() != 2 || scales.length != codes.dim(0)) {
            throw file.damaged(n, "has " + scales.length + " scales that do not fit " + codes);
        }
        int columns = (int) codes.dim(1);
        int[] q = file.codes(reader, 0);
        float[] values = new float[q.length];
        for (int i = 0; i < q.length; i++) {
            values[i] = q[i] * scales[i / columns];
        }
        String table = edit.freshName(n.name() + "_table");
        edit.initializer(table, Tensor.ofFloats(codes.dims(), values));
        edit.remove(file.producer(n, 1)).remove(cast).remove(reader);
        edit.replace(take(n.name(), table, reader.input(1), n.output(0)));
    }

    /** Undoes every {@link #write} in a file, and says what the scales were, by node. */
    static Map<String, QuantizationParameters> restoreAll(ArtifactGraph file) {
        Map<String, QuantizationParameters> found = new LinkedHashMap<>();
        for (Node n : List.copyOf(file.graph().nodes())) {
            if (isWritten(file.graph(), n)) {
                found.put(n.name(), parameters(file, n));
                restore(file, file.graph().edit(), n);
            }
        }
        return found;
    }
}
