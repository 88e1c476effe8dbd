package dev.detent.backends.dsp;

import dev.detent.spi.export.Artifact;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Range;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ReadBackParameters;
import dev.detent.support.export.TensorEncodings;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * SNPE's override file: bit width, min and max of every activation and weight, for {@code snpe-onnx-to-dlc
 * --quantization_overrides} and {@code snpe-dlc-quantize --override_params}. The converter works out scale and offset
 * from min and max as the target's scheme does.
 */
final class OverridesExporter implements Exporter {

    private static final String SUFFIX = ".overrides.json";

    @Override
    public String id() {
        return "overrides";
    }

    @Override
    public String summary() {
        return "<model>.onnx and <model>.overrides.json: snpe-onnx-to-dlc --quantization_overrides";
    }

    @Override
    public void export(QuantizedModel model, ExportContext context) {
        TensorEncodings table = TensorEncodings.of(model);
        context.onnx(model.name() + ".onnx", model.graph());
        context.text(
                model.name() + SUFFIX,
                context.json(Encoding.ordered(
                        "activation_encodings",
                        ranges(table.activations()),
                        "param_encodings",
                        ranges(table.parameters()))));
    }

    private static Map<String, Object> ranges(Map<String, TensorQuantization> tensors) {
        Map<String, Object> ranges = new LinkedHashMap<>();
        tensors.forEach((name, c) -> {
            if (c.scheme().bits() <= 16) {
                QuantizationParameters p = c.qparams().orElseThrow();
                Range range = c.scheme().system().range(p.scale(0), p.zeroPoint(0), c.scheme());
                ranges.put(
                        name,
                        List.of(Encoding.ordered(
                                "bitwidth", c.scheme().bits(), "max", range.high(), "min", range.low())));
            }
        });
        return ranges;
    }

    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        Map<String, TensorQuantization> entries = TensorEncodings.of(model).all();
        entries.values().removeIf(c -> c.scheme().bits() > 16);
        return entries;
    }

    @Override
    public Map<String, QuantizationParameters> read(Artifact artefact, Map<String, TensorQuantization> entries) {
        ReadBackParameters found = new ReadBackParameters();
        artefact.json(artefact.name() + SUFFIX)
                .values()
                .forEach(section -> ((Map<?, ?>) section).forEach((name, list) -> {
                    if (entries.containsKey(name)) {
                        Scheme scheme = entries.get(name).scheme();
                        Map<?, ?> e = (Map<?, ?>) ((List<?>) list).get(0);
                        double min = ((Number) e.get("min")).doubleValue();
                        double max = ((Number) e.get("max")).doubleValue();
                        double scale = (max - min) / (scheme.quantMax() - scheme.quantMin());
                        found.put((String) name, (float) scale, (float) Math.rint(scheme.quantMin() - min / scale));
                    }
                }));
        return found.asMap();
    }
}
