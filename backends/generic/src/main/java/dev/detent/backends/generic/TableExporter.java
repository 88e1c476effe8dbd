package dev.detent.backends.generic;

import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.JsonValue;
import dev.detent.support.export.TensorMapExporter;
import java.util.Map;

/** The model with baked weights and a table of all tensors that says everything in ONNX's terms. */
final class TableExporter extends TensorMapExporter {

    TableExporter() {
        super(
                "table",
                "<model>.onnx and <model>.tensors.json: scale, zero point and range by tensor",
                ".tensors.json",
                "");
    }

    @Override
    protected Object row(TensorQuantization c) {
        Scheme s = c.scheme();
        QuantizationParameters p = c.qparams().orElseThrow();
        Map<String, Object> row = JsonValue.object(
                "system", s.system().id(), "bits", s.bits(), "quant_min", s.quantMin(), "quant_max", s.quantMax());
        s.axis().ifPresent(a -> row.put("axis", a));
        row.put("scale", p.scales());
        row.put("zero_point", p.zeroPoints());
        return row;
    }
}
