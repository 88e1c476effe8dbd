package dev.detent.backends.rknn;

import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Range;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.JsonValue;
import dev.detent.support.export.TensorMapExporter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The model and a quantization configuration in the layout of rknn-toolkit's hybrid quantization step 1
 * ({@code quantize_parameters} by tensor with min, max, scale and zero point), which is JSON and therefore YAML as
 * well.
 */
final class CfgExporter extends TensorMapExporter {

    private static final String KEY = "quantize_parameters";

    CfgExporter() {
        super("cfg", "<model>.onnx and <model>.quantization.cfg: hybrid quantization", ".quantization.cfg", KEY);
    }

    @Override
    protected Map<String, Object> root(QuantizedModel model, Map<String, Object> tensors) {
        return JsonValue.object("custom_quantize_layers", Map.of(), KEY, tensors);
    }

    @Override
    protected Object row(TensorQuantization c) {
        QuantizationParameters p = c.qparams().orElseThrow();
        List<Double> min = new ArrayList<>();
        List<Double> max = new ArrayList<>();
        List<Long> zero = new ArrayList<>();
        for (int i = 0; i < p.channels(); i++) {
            Range range = c.scheme().system().range(p.scale(i), p.zeroPoint(i), c.scheme());
            min.add(range.low());
            max.add(range.high());
            zero.add((long) p.zeroPoint(i));
        }
        Map<String, Object> row = JsonValue.object(
                "qtype",
                c.scheme().symmetric() ? "symmetric_quantized" : "asymmetric_quantized",
                "dtype",
                "int" + c.scheme().bits(),
                "method",
                p.channels() > 1 ? "channel" : "layer");
        row.put("min_value", min);
        row.put("max_value", max);
        row.put("zero_point", zero);
        row.put("scale", p.scales());
        return row;
    }
}
