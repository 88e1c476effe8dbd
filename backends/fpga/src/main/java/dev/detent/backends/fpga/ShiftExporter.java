package dev.detent.backends.fpga;

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
            row.put("shift", -Math.getExponent(c.parameters().orElseThrow().scale(0)));
            tensors.put(name, row);
        });
        context.onnx(model.name() + ".onnx", model.graph());
        context.text(model.name() + SUFFIX, context.json(tensors));
    }

    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        return TensorTable.of(model).all();
    }

    @Override
    public Map<String, Parameters> read(Artefact artefact, Map<String, TensorQuantization> entries) {
        Readings found = new Readings();
        artefact.json(artefact.name() + SUFFIX)
                .forEach((name, row) ->
                        found.put(name, Math.scalb(1f, -((Number) ((Map<?, ?>) row).get("shift")).intValue()), 0));
        return found.asMap();
    }
}
