package dev.detent.backends.dsp;

import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Range;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.JsonCodec;
import dev.detent.support.export.JsonValue;
import dev.detent.support.export.ReadBackParameters;
import dev.detent.support.export.SidecarExporter;
import dev.detent.support.export.TensorEncodings;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * SNPE's override file: bit width, min and max of every activation and weight, for {@code snpe-onnx-to-dlc
 * --quantization_overrides} and {@code snpe-dlc-quantize --override_params}. The converter works out scale and offset
 * from min and max as the target's scheme does.
 */
final class OverridesExporter extends SidecarExporter<JsonValue> {

    OverridesExporter() {
        super(
                "overrides",
                "<model>.onnx and <model>.overrides.json: snpe-onnx-to-dlc --quantization_overrides",
                ".overrides.json",
                new JsonCodec());
    }

    @Override
    protected boolean carries(TensorQuantization c) {
        return c.scheme().bits() <= 16;
    }

    @Override
    protected JsonValue document(QuantizedModel model, Map<String, TensorQuantization> entries) {
        TensorEncodings table = TensorEncodings.of(model);
        return JsonValue.of(
                "activation_encodings", ranges(table.activations()), "param_encodings", ranges(table.parameters()));
    }

    private Map<String, Object> ranges(Map<String, TensorQuantization> tensors) {
        Map<String, Object> ranges = new LinkedHashMap<>();
        tensors.forEach((name, c) -> {
            if (carries(c)) {
                QuantizationParameters p = c.qparams().orElseThrow();
                Range range = c.scheme().system().range(p.scale(0), p.zeroPoint(0), c.scheme());
                ranges.put(
                        name,
                        List.of(JsonValue.object(
                                "bitwidth", c.scheme().bits(), "max", range.high(), "min", range.low())));
            }
        });
        return ranges;
    }

    @Override
    protected void read(JsonValue document, Map<String, TensorQuantization> entries, ReadBackParameters found) {
        document.fields()
                .values()
                .forEach(section -> section.fields().forEach((name, list) -> {
                    TensorQuantization c = entries.get(name);
                    if (c != null) {
                        JsonValue range = list.first();
                        found.put(
                                name,
                                RangeParameters.of(
                                        name,
                                        c.scheme(),
                                        range.get("min").number(),
                                        range.get("max").number()));
                    }
                }));
    }
}
