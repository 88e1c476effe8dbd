package dev.detent.backends.dsp;

import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.JsonCodec;
import dev.detent.support.export.JsonValue;
import dev.detent.support.export.ReadBackParameters;
import dev.detent.support.export.SidecarExporter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Encodings of version 2.0.0: the terms of ONNX's QuantizeLinear (output_dtype, y_scale, y_zero_point, axis) for every
 * tensor, the int32 bias among them. Makes QNN use its second quantizer (AIMET, encoding format specification).
 */
final class Encodings2Exporter extends SidecarExporter<JsonValue> {

    Encodings2Exporter() {
        super(
                "encodings-2",
                "<model>.onnx and <model>.encodings.2.0.0.json, with the int32 bias",
                ".encodings.2.0.0.json",
                new JsonCodec());
    }

    @Override
    protected JsonValue document(QuantizedModel model, Map<String, TensorQuantization> entries) {
        List<Object> encodings = new ArrayList<>();
        entries.forEach((name, c) ->
                encodings.add(encoding(name, c.scheme(), c.qparams().orElseThrow())));
        return JsonValue.of("version", "2.0.0", "encodings", encodings);
    }

    private static Map<String, Object> encoding(String name, Scheme scheme, QuantizationParameters p) {
        Map<String, Object> e = JsonValue.object(
                "name", name, "output_dtype", (scheme.quantMin() < 0 ? "int" : "uint") + scheme.bits());
        boolean many = p.channels() > 1;
        e.put("y_scale", many ? p.scales() : (Object) p.scale(0));
        if (!scheme.symmetric()) {
            List<Long> zeroPoints = new ArrayList<>();
            for (float z : p.zeroPoints()) {
                zeroPoints.add((long) z);
            }
            e.put("y_zero_point", many ? zeroPoints : (Object) zeroPoints.get(0));
        }
        if (many) {
            e.put("axis", scheme.axis().orElse(0));
        }
        return e;
    }

    @Override
    protected void read(JsonValue document, Map<String, TensorQuantization> entries, ReadBackParameters found) {
        for (JsonValue e : document.get("encodings").elements()) {
            found.put(
                    e.get("name").text(),
                    e.get("y_scale").floats(),
                    e.find("y_zero_point").map(JsonValue::floats).orElse(new float[0]));
        }
    }
}
