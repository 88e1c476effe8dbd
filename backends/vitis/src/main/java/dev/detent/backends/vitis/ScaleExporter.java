package dev.detent.backends.vitis;

import dev.detent.spi.export.Artefact;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.export.Readings;
import dev.detent.spi.export.TensorTable;
import dev.detent.spi.quant.Parameters;
import dev.detent.spi.quant.TensorQuantization;
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
                .forEach((name, c) ->
                        scales.put(name, c.parameters().orElseThrow().scale(0)));
        context.onnx(model.name() + ".onnx", model.graph());
        context.text(model.name() + SUFFIX, context.json(Map.of(KEY, scales)));
    }

    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        return TensorTable.of(model).all();
    }

    @Override
    public Map<String, Parameters> read(Artefact artefact, Map<String, TensorQuantization> entries) {
        Readings found = new Readings();
        ((Map<?, ?>) artefact.json(artefact.name() + SUFFIX).get(KEY))
                .forEach((name, scale) -> found.put((String) name, ((Number) scale).floatValue(), 0));
        return found.asMap();
    }
}
