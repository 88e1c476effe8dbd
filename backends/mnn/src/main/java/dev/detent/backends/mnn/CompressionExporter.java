package dev.detent.backends.mnn;

import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Node;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.JsonCodec;
import dev.detent.support.export.JsonValue;
import dev.detent.support.export.ReadBackParameters;
import dev.detent.support.export.SidecarExporter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * MNN's compression parameters in JSON, for {@code mnnconvert --compressionParamsFile} (MNN_compression.proto, message
 * LayerQuantizeParams): activations and weights of every quantized layer. A layer carries the name of its ONNX node's
 * output; where an activation is fused, the tensor behind it carries the activation's.
 */
final class CompressionExporter extends SidecarExporter<JsonValue> {

    CompressionExporter() {
        super(
                "compression",
                "<model>.onnx and <model>.mnn.json: mnnconvert --compressionParamsFile",
                ".mnn.json",
                new JsonCodec());
    }

    @Override
    protected JsonValue document(QuantizedModel model, Map<String, TensorQuantization> entries) {
        List<Object> layers = new ArrayList<>();
        for (Node n : model.graph().nodes()) {
            Map<String, List<Object>> blocks = new LinkedHashMap<>();
            slots(model, n)
                    .forEach(c -> blocks.computeIfAbsent(block(n, c), k -> new ArrayList<>())
                            .add(row(n, c)));
            if (!blocks.isEmpty()) {
                Map<String, Object> layer = JsonValue.object("opName", n.output(0));
                layer.putAll(blocks);
                layers.add(layer);
            }
        }
        Map<String, Object> algorithm =
                JsonValue.object("type", "QUANTIZE", "quantParams", JsonValue.object("layer", layers));
        return JsonValue.of("version", "0.0.0", "algo", List.of(algorithm));
    }

    private static boolean isWeight(Node n, TensorQuantization c) {
        return c.isInitializer() && n.is("Conv");
    }

    private static String block(Node n, TensorQuantization c) {
        return !c.slot().isInput() ? "output" : isWeight(n, c) ? "weight" : "input";
    }

    /** A weight carries its layer's name, the output of a fused pair its activation's. */
    private static String name(Node n, TensorQuantization c) {
        return isWeight(n, c)
                ? n.output(0)
                : c.slot().isInput() ? c.value() : c.root().value();
    }

    private static Map<String, Object> row(Node n, TensorQuantization c) {
        QuantizationParameters p = c.qparams().orElseThrow();
        Map<String, Object> row =
                JsonValue.object("name", name(n, c), "bits", c.scheme().bits(), "scales", p.scales());
        if (isWeight(n, c)) {
            row.put("asymmetric", false);
        } else {
            row.put("zeroPoint", (long) p.zeroPoint(0));
            row.put("clampMin", c.scheme().quantMin());
            row.put("clampMax", c.scheme().quantMax());
        }
        return row;
    }

    private static List<TensorQuantization> slots(QuantizedModel model, Node n) {
        List<TensorQuantization> slots = new ArrayList<>();
        if (n.is("Conv", "Add") && model.quantization().isQuantized(n)) {
            slots.addAll(model.quantization().inputs(n));
            slots.addAll(model.quantization().outputs(n));
            slots.removeIf(c ->
                    c.qparams().isEmpty() || c.state().isFloat() || c.state().isPassive());
        }
        return slots;
    }

    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        Map<String, TensorQuantization> entries = new LinkedHashMap<>();
        model.graph()
                .nodes()
                .forEach(n -> slots(model, n).forEach(c -> entries.put(key(n.output(0), block(n, c), name(n, c)), c)));
        return entries;
    }

    private static String key(String layer, String block, String tensor) {
        return layer + " " + block + " " + tensor;
    }

    @Override
    protected void read(JsonValue document, Map<String, TensorQuantization> entries, ReadBackParameters found) {
        JsonValue algorithm = document.get("algo").first();
        for (JsonValue layer : algorithm.get("quantParams").get("layer").elements()) {
            String name = layer.get("opName").text();
            layer.fields().forEach((block, rows) -> {
                if (rows.isList()) {
                    rows.elements()
                            .forEach(row -> found.put(
                                    key(name, block, row.get("name").text()),
                                    row.get("scales").floats(),
                                    row.find("zeroPoint").map(JsonValue::floats).orElse(new float[0])));
                }
            });
        }
    }
}
