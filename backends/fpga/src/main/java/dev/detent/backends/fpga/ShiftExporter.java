package dev.detent.backends.fpga;

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

/** The model and the position of the binary point of every tensor: real = q 2^-shift. */
final class ShiftExporter implements Exporter {

    private static final String SUFFIX = ".shifts.json";

    @Override
    public String id() {
        return "shifts";
    }

    @Override
    public String summary() {
        return "<model>.onnx and <model>.shifts.json: bits and shift by tensor";
    }

    @Override
    public void export(QuantizedModel model, ExportContext context) {
        Map<String, Object> tensors = new LinkedHashMap<>();
        entries(model).forEach((name, c) -> {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("bits", c.scheme().bits());
            row.put("shift", -Math.getExponent(c.qparams().orElseThrow().scale(0)));
            tensors.put(name, row);
        });
        context.onnx(model.name() + ".onnx", model.graph());
        context.text(model.name() + SUFFIX, context.json(tensors));
    }

    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        return TensorEncodings.of(model).all();
    }

    @Override
    public Map<String, QuantizationParameters> read(Artifact artefact, Map<String, TensorQuantization> entries) {
        ReadBackParameters found = new ReadBackParameters();
        artefact.json(artefact.name() + SUFFIX)
                .forEach((name, row) ->
                        found.put(name, Math.scalb(1f, -((Number) ((Map<?, ?>) row).get("shift")).intValue()), 0));
        return found.asMap();
    }
}
