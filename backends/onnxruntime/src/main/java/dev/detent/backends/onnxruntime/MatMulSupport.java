package dev.detent.backends.onnxruntime;

import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.quant.TensorQuantization;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What the formats for products with a constant matrix share. */
final class MatMulSupport {

    /** In a weight's name: in the model its rows were the outputs (Gemm with transB). */
    static final String ROWS = "_rows";

    private MatMulSupport() {}

    /** Written weights and embedding tables, by node; of an LSTM there are two. */
    static Map<String, TensorQuantization> weights(QuantizedModel model) {
        Map<String, TensorQuantization> entries = new LinkedHashMap<>();
        for (TensorQuantization c : model.quantization().configs()) {
            boolean written = c.slot().isInput() && c.state().isWritten();
            model.graph()
                    .node(c.slot().node())
                    .filter(n -> written && constants(n).contains(c.slot().index()))
                    .ifPresent(n ->
                            entries.put(DynamicLstm.entry(n.name(), c.slot().index()), c));
        }
        return entries;
    }

    /** Inputs that may be codes. */
    private static Set<Integer> constants(Node n) {
        return n.is("Gather") ? Set.of(0) : n.isOneOf(StoredWeights.RECURRENT) ? Set.of(1, 2) : Set.of(1);
    }

    /** The weight bears the name of a node, its reader or one that shared it with that, and {@code suffix}. */
    static boolean isNamed(Graph graph, Node reader, String suffix) {
        return isNamed(graph, reader.input(1), suffix);
    }

    /** A constant bears the name of a node and {@code suffix}. */
    static boolean isNamed(Graph graph, String weight, String suffix) {
        int end = weight.lastIndexOf(suffix);
        return end > 0 && graph.node(weight.substring(0, end)).isPresent();
    }

    /** The float operator again: a MatMul, or a Gemm where there is a bias or the weight's rows are the outputs. */
    static Node product(
            GraphEditor edit, String name, String x, Tensor weight, boolean rows, String bias, List<String> outputs) {
        String w = edit.freshName(name + "_weight");
        edit.initializer(w, rows ? transposed(weight) : weight);
        if (!rows && bias.isEmpty()) {
            return Node.of(name, "MatMul", List.of(x, w), outputs, Map.of());
        }
        return Node.of(
                name,
                "Gemm",
                bias.isEmpty() ? List.of(x, w) : List.of(x, w, bias),
                outputs,
                Map.of("transB", new Attribute.IntValue(rows ? 1 : 0)));
    }

    static Tensor transposed(Tensor t) {
        int rows = (int) t.dim(0);
        int columns = (int) t.dim(1);
        float[] from = t.floats();
        float[] to = new float[from.length];
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                to[c * rows + r] = from[r * columns + c];
            }
        }
        return Tensor.ofFloats(new long[] {columns, rows}, to);
    }
}
