package dev.detent.backends.dsp;

import dev.detent.spi.export.Artifact;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ReadBackParameters;
import dev.detent.support.export.TensorEncodings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Encodings of version 2.0.0: the terms of ONNX's QuantizeLinear (output_dtype, y_scale, y_zero_point, axis) for every
 * tensor, the int32 bias among them. Makes QNN use its second quantizer (AIMET, encoding format specification).
 */
final class Encodings2Exporter implements Exporter {

    private static final String SUFFIX = ".encodings.2.0.0.json";

    @Override
    public String id() {
        return "encodings-2";
    }

    @Override
    public String summary() {
        return "<model>.onnx and <model>.encodings.2.0.0.json, with the int32 bias";
    }

    @Override
    public void export(QuantizedModel model, ExportContext context) {
        List<Object> encodings = new ArrayList<>();
        TensorEncodings.of(model)
                .all()
                .forEach((name, c) ->
                        encodings.add(encoding(name, c.scheme(), c.qparams().orElseThrow())));
        context.onnx(model.name() + ".onnx", model.graph());
        context.text(model.name() + SUFFIX, context.json(Encoding.ordered("version", "2.0.0", "encodings", encodings)));
    }

    private static Map<String, Object> encoding(String name, Scheme scheme, QuantizationParameters p) {
        Map<String, Object> e = Encoding.ordered(
                "name", name, "output_dtype", (scheme.quantMin() < 0 ? "int" : "uint") + scheme.bits());
        boolean many = p.channels() > 1;
        e.put("y_scale", many ? p.scales() : (Object) p.scale(0));
        if (!scheme.symmetric()) {
            List<Long> zeroPoints = new ArrayList<>();
            for (float z : p.zeroPoints()) {
                zeroPoints.add((long) z);
            }
            e.put("y_zero_point", many ? zeroPoints : (Object) zeroPoints.get(0));
        }
        if (many) {
            e.put("axis", scheme.axis().orElse(0));
        }
        return e;
    }

    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        return TensorEncodings.of(model).all();
    }

    @Override
    public Map<String, QuantizationParameters> read(Artifact artefact, Map<String, TensorQuantization> entries) {
        ReadBackParameters found = new ReadBackParameters();
        for (Object o : (List<?>) artefact.json(artefact.name() + SUFFIX).get("encodings")) {
            Map<?, ?> e = (Map<?, ?>) o;
            List<?> scales = e.get("y_scale") instanceof List<?> l ? l : List.of(e.get("y_scale"));
            List<?> zeroPoints = e.get("y_zero_point") instanceof List<?> l
                    ? l
                    : e.containsKey("y_zero_point") ? List.of(e.get("y_zero_point")) : List.of();
            List<float[]> channels = new ArrayList<>();
            for (int c = 0; c < scales.size(); c++) {
                channels.add(new float[] {
                    ((Number) scales.get(c)).floatValue(),
                    zeroPoints.isEmpty() ? 0 : ((Number) zeroPoints.get(c)).floatValue()
                });
            }
            found.put((String) e.get("name"), channels);
        }
        return found.asMap();
    }
}
