package dev.detent.backends.k230;

import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.JsonCodec;
import dev.detent.support.export.JsonValue;
import dev.detent.support.export.ReadBackParameters;
import dev.detent.support.export.SidecarExporter;
import dev.detent.support.export.TensorEncodings;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * nncase's quantization scheme (docs/MixQuant.md): type and range by tensor. nncase renames constants, so weights are
 * not listed; it derives their ranges from the values, which are quantized already.
 */
final class QuantSchemeExporter extends SidecarExporter<JsonValue> {

    QuantSchemeExporter() {
        super(
                "quant-scheme",
                "<model>.onnx and <model>.QuantScheme.json: nncase's ptq_options.quant_scheme",
                ".QuantScheme.json",
                new JsonCodec());
    }

    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        return new LinkedHashMap<>(TensorEncodings.of(model).activations());
    }

    @Override
    protected JsonValue document(QuantizedModel model, Map<String, TensorQuantization> entries) {
        List<Map<String, Object>> outputs = new ArrayList<>();
        entries.forEach((name, c) -> {
            Scheme s = c.scheme();
            QuantizationParameters p = c.qparams().orElseThrow();
            Map<String, Object> range = JsonValue.object(
                    "Min", (s.quantMin() - p.zeroPoint(0)) * p.scale(0),
                    "Max", (s.quantMax() - p.zeroPoint(0)) * p.scale(0),
                    "IsFull", false);
            outputs.add(JsonValue.object(
                    "Name",
                    name,
                    "DataType",
                    (s.quantMin() < 0 ? "i" : "u") + s.bits(),
                    "DataRange",
                    List.of(range),
                    "DataRangeMode",
                    "by_tensor"));
        });
        return JsonValue.of("Version", "1.0", "Outputs", outputs);
    }

    @Override
    protected void read(JsonValue document, Map<String, TensorQuantization> entries, ReadBackParameters found) {
        for (JsonValue row : document.get("Outputs").elements()) {
            String type = row.get("DataType").text();
            int bits = type.endsWith("16") ? 16 : 8;
            JsonValue range = row.get("DataRange").first();
            double low = range.get("Min").number();
            double high = range.get("Max").number();
            float scale = (float) ((high - low) / ((1L << bits) - 1));
            double first = type.startsWith("u") ? 0 : -(1L << bits - 1);
            found.put(row.get("Name").text(), scale, (float) Math.rint(first - low / scale));
        }
    }
}
