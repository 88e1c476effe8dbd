package dev.detent.backends.generic;

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

/** The model with baked weights and a table of all tensors that says everything in ONNX's terms. */
final class TableExporter implements Exporter {

    private static final String SUFFIX = ".tensors.json";

    @Override
    public String id() {
        return "table";
    }

    @Override
    public String summary() {
        return "<model>.onnx and <model>.tensors.json: scale, zero point and range by tensor";
    }

    @Override
    public void export(QuantizedModel model, ExportContext context) {
        Map<String, Object> tensors = new LinkedHashMap<>();
        entries(model).forEach((name, c) -> {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("system", c.scheme().system().id());
            row.put("bits", c.scheme().bits());
            row.put("quant_min", c.scheme().quantMin());
            row.put("quant_max", c.scheme().quantMax());
            c.scheme().axis().ifPresent(a -> row.put("axis", a));
            row.put("scale", c.qparams().orElseThrow().scales());
            row.put("zero_point", c.qparams().orElseThrow().zeroPoints());
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
                        found.put(name, ((Map<?, ?>) row).get("scale"), ((Map<?, ?>) row).get("zero_point")));
        return found.asMap();
    }
}
