package dev.detent.backends.vitis;

import dev.detent.spi.export.Artifact;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ReadBackParameters;
import dev.detent.support.export.TensorEncodings;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The scales by tensor, as MQBench deploys them for Vitis ({@code {"vitis": {tensor: scale}}}), beside the ONNX model.
 */
final class ScaleExporter implements Exporter {

    private static final String SUFFIX = ".vitis.json";
    private static final String KEY = "vitis";

    @Override
    public String id() {
        return "scales";
    }

    @Override
    public String summary() {
        return "<model>.onnx and <model>.vitis.json: scale by tensor";
    }

    @Override
    public void export(QuantizedModel model, ExportContext context) {
        Map<String, Object> scales = new LinkedHashMap<>();
        entries(model)
                .forEach((name, c) -> scales.put(name, c.qparams().orElseThrow().scale(0)));
        context.onnx(model.name() + ".onnx", model.graph());
        context.text(model.name() + SUFFIX, context.json(Map.of(KEY, scales)));
    }

    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        return TensorEncodings.of(model).all();
    }

    @Override
    public Map<String, QuantizationParameters> read(Artifact artefact, Map<String, TensorQuantization> entries) {
        ReadBackParameters found = new ReadBackParameters();
        ((Map<?, ?>) artefact.json(artefact.name() + SUFFIX).get(KEY))
                .forEach((name, scale) -> found.put((String) name, ((Number) scale).floatValue(), 0));
        return found.asMap();
    }
}
