package dev.detent.backends.onnxruntime;

import dev.detent.spi.export.Artifact;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ReadBackParameters;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * ONNX with dynamic quantization: DynamicQuantizeLinear, MatMulInteger on int8 weights, a Cast and a Mul with
 * activation scale x weight scale; a Gemm's bias as an Add. ONNX Runtime fuses the chain into one operator.
 */
final class DynamicExporter implements Exporter {

    private static final String SUFFIX = ".dynamic.onnx";
    private static final String WEIGHT = "_int8";
    private static final String SCALE = "_scale";

    @Override
    public String id() {
        return "dynamic";
    }

    @Override
    public String summary() {
        return "<model>.dynamic.onnx: DynamicQuantizeLinear and MatMulInteger";
    }

    @Override
    public void export(QuantizedModel model, ExportContext context) {
        Graph graph = model.graph();
        GraphEditor edit = graph.edit();
        Map<String, List<String>> dynamic = new LinkedHashMap<>();
        entries(model).forEach((name, c) -> {
            Node n = graph.node(name).orElseThrow();
            List<String> x = dynamic.computeIfAbsent(n.input(0), v -> {
                List<String> out = List.of(
                        edit.freshName(v + "_uint8"),
                        edit.freshName(v + "_dynamic_scale"),
                        edit.freshName(v + "_dynamic_zero_point"));
                edit.add(Node.of(
                        edit.freshName(v + "_DynamicQuantizeLinear"),
                        "DynamicQuantizeLinear",
                        List.of(v),
                        out,
                        Map.of()));
                return out;
            });
            replace(edit, n, c, x);
        });
        edit.removeUnreadInitializers();
        edit.sort();
        context.onnx(model.name() + SUFFIX, graph);
    }

    private static void replace(GraphEditor edit, Node n, TensorQuantization c, List<String> x) {
        Tensor weight = matrix(edit.graph(), n);
        QuantizationParameters p = c.qparams().orElseThrow();
        int columns = (int) weight.dim(1);
        float[] values = weight.floats();
        int[] codes = new int[values.length];
        for (int i = 0; i < codes.length; i++) {
            int channel = i % columns;
            codes[i] = (int) c.scheme().system().code(values[i], p.scale(channel), p.zeroPoint(channel), c.scheme());
        }
        String w = edit.freshName(n.name() + (n.intAttribute("transB", 0) == 1 ? MatMulSupport.ROWS : "") + WEIGHT);
        edit.initializer(w, Tensor.ofCodes(ElementType.INT8, weight.dims(), codes));
        String scale = edit.freshName(n.name() + SCALE);
        edit.initializer(scale, Tensor.ofFloats(new long[] {p.channels()}, p.scales()));
        String sum = edit.freshName(n.output(0) + "_int32");
        String cast = edit.freshName(n.output(0) + "_cast");
        String factor = edit.freshName(n.output(0) + "_factor");
        String product = n.hasInput(2) ? edit.freshName(n.output(0) + "_product") : n.output(0);
        edit.remove(n);
        edit.add(Node.of(n.name(), "MatMulInteger", List.of(x.get(0), w, x.get(2)), List.of(sum), Map.of()));
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

    /** The weight as [K, N]. */
    private static Tensor matrix(Graph graph, Node n) {
        Tensor t = graph.initializer(n.input(1)).orElseThrow();
        return n.intAttribute("transB", 0) == 0 ? t : MatMulSupport.transposed(t);
    }

    /** Activations have no numbers before they run. */
    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        return MatMulSupport.weights(model);
    }

    @Override
    public Map<String, QuantizationParameters> read(Artifact artefact, Map<String, TensorQuantization> entries) {
        Graph graph = artefact.onnx(artefact.name() + SUFFIX);
        ReadBackParameters found = new ReadBackParameters();
        for (String node : entries.keySet()) {
            graph.initializer(node + SCALE)
                    .ifPresent(s -> found.put(node, s.floats(), new float[(int) s.elementCount()]));
        }
        return found.asMap();
    }

    /** A MatMul (or, with a bias, a Gemm) of the real weights in place of every chain. */
    @Override
    public Optional<Graph> graph(Artifact artefact) {
        Graph graph = artefact.onnx(artefact.name() + SUFFIX);
        GraphEditor edit = graph.edit();
        for (Node n : List.copyOf(graph.nodes())) {
            if (n.is("MatMulInteger")) {
                restore(edit, n);
            }
        }
        for (Node n : List.copyOf(graph.nodes())) {
            if (n.is("DynamicQuantizeLinear")) {
                edit.remove(n);
            }
        }
        return Optional.of(graph);
    }

    private static void restore(GraphEditor edit, Node n) {
        Graph graph = edit.graph();
        String x = graph.producer(n.input(0)).orElseThrow().input(0);
        Node cast = graph.consumers(n.output(0)).iterator().next();
        Node product = graph.consumers(cast.output(0)).iterator().next();
        Node factor = graph.producer(product.input(1)).orElseThrow();
        Optional<Node> add = graph.consumers(product.output(0)).stream()
                .filter(c -> c.name().equals(n.name() + "_Add"))
                .findFirst();
        Tensor codes = graph.initializer(n.input(1)).orElseThrow();
        float[] scales = graph.initializer(factor.input(1)).orElseThrow().floats();
        int[] q = codes.codes();
        float[] values = new float[q.length];
        for (int i = 0; i < q.length; i++) {
            values[i] = q[i] * scales[i % scales.length];
        }
        edit.remove(cast).remove(product).remove(factor);
        add.ifPresent(edit::remove);
        edit.replace(MatMulSupport.product(
                edit,
                n.name(),
                x,
                Tensor.ofFloats(codes.dims(), values),
                n.input(1).contains(MatMulSupport.ROWS),
                add.map(a -> a.input(1)).orElse(""),
                add.orElse(product).outputs()));
        edit.removeInitializer(n.input(1)).removeInitializer(factor.input(1));
    }
}
