package dev.detent.backends.rknn;

import dev.detent.spi.export.Artifact;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Range;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ReadBackParameters;
import dev.detent.support.export.TensorEncodings;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The model and a quantization configuration in the layout of rknn-toolkit's hybrid quantization step 1
 * ({@code quantize_parameters} by tensor with min, max, scale and zero point), which is JSON and therefore YAML as
 * well.
 */
final class CfgExporter implements Exporter {

    private static final String SUFFIX = ".quantization.cfg";
    private static final String KEY = "quantize_parameters";

    @Override
    public String id() {
        return "cfg";
    }

    @Override
    public String summary() {
        return "<model>.onnx and <model>.quantization.cfg: hybrid quantization";
    }

    @Override
    public void export(QuantizedModel model, ExportContext context) {
        Map<String, Object> parameters = new LinkedHashMap<>();
        entries(model).forEach((name, c) -> parameters.put(name, row(c)));
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("custom_quantize_layers", Map.of());
        root.put(KEY, parameters);
        context.onnx(model.name() + ".onnx", model.graph());
        context.text(model.name() + SUFFIX, context.json(root));
    }

    private static Map<String, Object> row(TensorQuantization c) {
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
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("qtype", c.scheme().symmetric() ? "symmetric_quantized" : "asymmetric_quantized");
        row.put("dtype", "int" + c.scheme().bits());
        row.put("method", p.channels() > 1 ? "channel" : "layer");
        row.put("min_value", min);
        row.put("max_value", max);
        row.put("zero_point", zero);
        row.put("scale", p.scales());
        return row;
    }

    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        return TensorEncodings.of(model).all();
    }

    @Override
    public Map<String, QuantizationParameters> read(Artifact artefact, Map<String, TensorQuantization> entries) {
        ReadBackParameters found = new ReadBackParameters();
        ((Map<?, ?>) artefact.json(artefact.name() + SUFFIX).get(KEY))
                .forEach((name, row) ->
                        found.put((String) name, ((Map<?, ?>) row).get("scale"), ((Map<?, ?>) row).get("zero_point")));
        return found.asMap();
    }
}
