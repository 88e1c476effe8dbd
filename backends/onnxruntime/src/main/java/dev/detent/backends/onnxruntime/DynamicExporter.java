package dev.detent.backends.onnxruntime;

import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ArtifactGraph;
import dev.detent.support.export.ReadBackParameters;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * ONNX with dynamic quantization: DynamicQuantizeLinear, MatMulInteger on int8 weights, a Cast and a Mul with
 * activation scale x weight scale; a Gemm's bias as an Add. ONNX Runtime fuses the chain into one operator.
 */
final class DynamicExporter extends ConstantProductExporter {

    private static final String TYPE = "MatMulInteger";
    private static final String QUANTIZE = "DynamicQuantizeLinear";
    private static final String WEIGHT = "_int8";

    DynamicExporter() {
        super(
                "dynamic",
                "<model>.dynamic.onnx: DynamicQuantizeLinear and MatMulInteger",
                ".dynamic.onnx",
                "",
                TYPE,
                TableForm.ROWS);
    }

    @Override
    void replace(GraphEditor edit, Node n, TensorQuantization c) {
        List<String> x = quantized(edit, n.input(0));
        String w = edit.freshName(n.name() + (n.intAttribute("transB", 0) == 1 ? MatMulSupport.ROWS : "") + WEIGHT);
        edit.initializer(w, codes(matrix(edit.graph(), n), c));
        QuantizationParameters p = c.qparams().orElseThrow();
        String scale = edit.freshName(n.name() + "_scale");
        edit.initializer(scale, Tensor.ofFloats(new long[] {p.channels()}, p.scales()));
        String sum = edit.freshName(n.output(0) + "_int32");
        String cast = edit.freshName(n.output(0) + "_cast");
        String factor = edit.freshName(n.output(0) + "_factor");
        String product = n.hasInput(2) ? edit.freshName(n.output(0) + "_product") : n.output(0);
        edit.remove(n);
        edit.add(Node.of(n.name(), TYPE, List.of(x.get(0), w, x.get(2)), List.of(sum), Map.of()));
        edit.add(Node.of(
                edit.freshName(n.name() + "_Cast"),
                "Cast",
                List.of(sum),
                List.of(cast),
                Map.of("to", new Attribute.IntValue(ElementType.FLOAT.code()))));
        edit.add(Node.of(
                edit.freshName(n.name() + "_Factor"), "Mul", List.of(x.get(1), scale), List.of(factor), Map.of()));
        edit.add(Node.of(edit.freshName(n.name() + "_Mul"), "Mul", List.of(cast, factor), List.of(product), Map.of()));
        if (n.hasInput(2)) {
            edit.add(Node.of(
                    edit.freshName(n.name() + "_Add"),
                    "Add",
                    List.of(product, n.input(2)),
                    List.of(n.output(0)),
                    Map.of()));
        }
    }

    /** Codes, scale and zero point of {@code value}: one node for all its readers. */
    private static List<String> quantized(GraphEditor edit, String value) {
        Optional<Node> there = edit.graph().consumers(value).stream()
                .filter(n -> n.is(QUANTIZE))
                .findFirst();
        if (there.isPresent()) {
            return there.get().outputs();
        }
        List<String> out = List.of(
                edit.freshName(value + "_uint8"),
                edit.freshName(value + "_dynamic_scale"),
                edit.freshName(value + "_dynamic_zero_point"));
        edit.add(Node.of(edit.freshName(value + "_" + QUANTIZE), QUANTIZE, List.of(value), out, Map.of()));
        return out;
    }

    private static Tensor codes(Tensor weight, TensorQuantization c) {
        QuantizationParameters p = c.qparams().orElseThrow();
        int columns = (int) weight.dim(1);
        float[] values = weight.floats();
        int[] codes = new int[values.length];
        for (int i = 0; i < codes.length; i++) {
            int channel = i % columns;
            codes[i] = (int) c.scheme().system().code(values[i], p.scale(channel), p.zeroPoint(channel), c.scheme());
        }
        return Tensor.ofCodes(ElementType.INT8, weight.dims(), codes);
    }

    /** The weight as [K, N]. */
    private static Tensor matrix(Graph graph, Node n) {
        Tensor t = graph.initializer(n.input(1)).orElseThrow();
        return n.intAttribute("transB", 0) == 0 ? t : MatMulSupport.transposed(t);
    }

    private static boolean rows(Graph graph, Node n) {
        return MatMulSupport.isNamed(graph, n, MatMulSupport.ROWS + WEIGHT);
    }

    @Override
    boolean isReplacement(Graph graph, Node n) {
        return rows(graph, n) || MatMulSupport.isNamed(graph, n, WEIGHT);
    }

    /** The nodes behind a MatMulInteger. */
    private record Chain(Node cast, Node product, Node factor) {

        static Chain of(ArtifactGraph file, Node n) {
            Node cast = file.consumer(n);
            Node product = file.consumer(cast);
            return new Chain(cast, product, file.producer(product, 1));
        }
    }

    @Override
    QuantizationParameters parameters(ArtifactGraph file, Node n) {
        return ReadBackParameters.parameters(
                n.name(), file.floats(Chain.of(file, n).factor(), 1));
    }

    @Override
    void restore(ArtifactGraph file, GraphEditor edit, Node n) {
        Graph graph = file.graph();
        Chain chain = Chain.of(file, n);
        Node quantize = file.producer(n, 0);
        Optional<Node> add = graph.consumers(chain.product().output(0)).stream()
                .filter(c -> c.is("Add") && c.name().startsWith(n.name() + "_Add"))
                .findFirst();
        Tensor codes = file.constant(n, 1);
        float[] scales = file.floats(chain.factor(), 1);
        int[] q = file.codes(n, 1);
        if (codes.rank() != 2 || scales.length != 1 && scales.length != codes.dim(1)) {
            throw file.damaged(n, "has " + scales.length + " scales that do not fit " + codes);
        }
        float[] values = new float[q.length];
        for (int i = 0; i < q.length; i++) {
            values[i] = q[i] * scales[i % scales.length];
        }
        edit.remove(chain.cast()).remove(chain.product()).remove(chain.factor());
        add.ifPresent(edit::remove);
        edit.replace(MatMulSupport.product(
                edit,
                n.name(),
                quantize.input(0),
                Tensor.ofFloats(codes.dims(), values),
                rows(file.graph(), n),
                add.map(a -> a.input(1)).orElse(""),
                add.orElse(chain.product()).outputs()));
        if (quantize.outputs().stream().allMatch(o -> graph.consumers(o).isEmpty())) {
            edit.remove(quantize);
        }
    }
}
