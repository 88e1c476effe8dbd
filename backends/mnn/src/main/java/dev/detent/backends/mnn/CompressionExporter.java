package dev.detent.backends.mnn;

import dev.detent.spi.export.Artifact;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Node;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ReadBackParameters;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * MNN's compression parameters in JSON, for {@code mnnconvert --compressionParamsFile} (MNN_compression.proto, message
 * LayerQuantizeParams): activations and weights of every quantized layer. A layer carries the name of its ONNX node's
 * output; where an activation is fused, the tensor behind it carries the activation's.
 */
final class CompressionExporter implements Exporter {

    private static final String SUFFIX = ".mnn.json";

    @Override
    public String id() {
        return "compression";
    }

    @Override
    public String summary() {
        return "<model>.onnx and <model>.mnn.json: mnnconvert --compressionParamsFile";
    }

    @Override
    public void export(QuantizedModel model, ExportContext context) {
        List<Object> layers = new ArrayList<>();
        for (Node n : model.graph().nodes()) {
            Map<String, TensorQuantization> rows = rows(model, n);
            if (rows.isEmpty()) {
                continue;
            }
            Map<String, Object> layer = new LinkedHashMap<>();
            layer.put("opName", n.output(0));
            Map<String, List<Object>> blocks = new LinkedHashMap<>();
            rows.forEach((key, c) -> blocks.computeIfAbsent(block(n, c), k -> new ArrayList<>())
                    .add(c.isInitializer() && n.is("Conv") ? weight(n, c) : activation(c)));
            layer.putAll(blocks);
            layers.add(layer);
        }
        Map<String, Object> algorithm = new LinkedHashMap<>();
        algorithm.put("type", "QUANTIZE");
        algorithm.put("quantParams", Map.of("layer", layers));
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("version", "0.0.0");
        root.put("algo", List.of(algorithm));
        context.onnx(model.name() + ".onnx", model.graph());
        context.text(model.name() + SUFFIX, context.json(root));
    }

    private static String block(Node n, TensorQuantization c) {
        return !c.slot().isInput() ? "output" : c.isInitializer() && n.is("Conv") ? "weight" : "input";
    }

    private static Map<String, Object> activation(TensorQuantization c) {
        Map<String, Object> a = new LinkedHashMap<>();
        a.put("name", name(c));
        a.put("bits", c.scheme().bits());
        a.put("scales", c.qparams().orElseThrow().scales());
        a.put("zeroPoint", (long) c.qparams().orElseThrow().zeroPoint(0));
        a.put("clampMin", c.scheme().quantMin());
        a.put("clampMax", c.scheme().quantMax());
        return a;
    }

    private static Map<String, Object> weight(Node n, TensorQuantization c) {
        Map<String, Object> w = new LinkedHashMap<>();
        w.put("name", n.output(0));
        w.put("bits", c.scheme().bits());
        w.put("scales", c.qparams().orElseThrow().scales());
        w.put("asymmetric", false);
        return w;
    }

    /** The output of a fused pair is the activation's. */
    private static String name(TensorQuantization c) {
        return c.slot().isInput() ? c.value() : c.root().value();
    }

    private static Map<String, TensorQuantization> rows(QuantizedModel model, Node n) {
        Map<String, TensorQuantization> rows = new LinkedHashMap<>();
        if (n.is("Conv", "Add") && model.quantization().isQuantized(n)) {
            List<TensorQuantization> slots =
                    new ArrayList<>(model.quantization().inputs(n));
            slots.addAll(model.quantization().outputs(n));
            for (TensorQuantization c : slots) {
                if (c.qparams().isPresent()
                        && !c.state().isFloat()
                        && !c.state().isPassive()) {
                    rows.put(c.slot().toString(), c);
                }
            }
        }
        return rows;
    }

    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        Map<String, TensorQuantization> entries = new LinkedHashMap<>();
        model.graph()
                .nodes()
                .forEach(n -> rows(model, n)
                        .forEach((slot, c) -> entries.put(
                                key(
                                        n.output(0),
                                        block(n, c),
                                        c.isInitializer() && n.is("Conv") ? n.output(0) : name(c)),
                                c)));
        return entries;
    }

    private static String key(String layer, String block, String tensor) {
        return layer + " " + block + " " + tensor;
    }

    @Override
    public Map<String, QuantizationParameters> read(Artifact artefact, Map<String, TensorQuantization> entries) {
        ReadBackParameters found = new ReadBackParameters();
        Map<?, ?> algorithm =
                (Map<?, ?>) ((List<?>) artefact.json(artefact.name() + SUFFIX).get("algo")).get(0);
        for (Object layer : (List<?>) ((Map<?, ?>) algorithm.get("quantParams")).get("layer")) {
            ((Map<?, ?>) layer).forEach((block, rows) -> {
                if (rows instanceof List<?> list) {
                    list.forEach(row -> found.put(
                            key((String) ((Map<?, ?>) layer).get("opName"), (String) block, (String)
                                    ((Map<?, ?>) row).get("name")),
                            ((Map<?, ?>) row).get("scales"),
                            zeroPoints((Map<?, ?>) row)));
                }
            });
        }
        return found.asMap();
    }

    /** One for all channels of an activation; weights have none. */
    private static Object zeroPoints(Map<?, ?> row) {
        return row.containsKey("zeroPoint") ? List.of(row.get("zeroPoint")) : List.of();
    }
}
