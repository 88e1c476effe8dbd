package dev.detent.backends.tengine;

import dev.detent.spi.export.Artifact;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ReadBackParameters;
import dev.detent.support.export.TensorEncodings;
import java.util.Map;

/**
 * Tengine's scale file beside the ONNX model: one line {@code tensor scale zero-point} for every 8-bit tensor
 * (tools/quantize).
 */
final class ScaleFileExporter implements Exporter {

    private static final String SUFFIX = ".scale";

    @Override
    public String id() {
        return "scale";
    }

    @Override
    public String summary() {
        return "<model>.onnx and <model>.scale: tensor, scale, zero point";
    }

    @Override
    public void export(QuantizedModel model, ExportContext context) {
        StringBuilder text = new StringBuilder();
        entries(model).forEach((name, c) -> {
            QuantizationParameters p = c.qparams().orElseThrow();
            text.append(name)
                    .append(' ')
                    .append(context.decimal(p.scale(0)))
                    .append(' ')
                    .append((long) p.zeroPoint(0))
                    .append('\n');
        });
        context.onnx(model.name() + ".onnx", model.graph());
        context.text(model.name() + SUFFIX, text.toString());
    }

    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        Map<String, TensorQuantization> entries = TensorEncodings.of(model).all();
        entries.values().removeIf(c -> c.scheme().bits() > 8);
        return entries;
    }

    @Override
    public Map<String, QuantizationParameters> read(Artifact artefact, Map<String, TensorQuantization> entries) {
        ReadBackParameters found = new ReadBackParameters();
        artefact.text(artefact.name() + SUFFIX).lines().forEach(line -> {
            int zero = line.lastIndexOf(' ');
            int scale = line.lastIndexOf(' ', zero - 1);
            found.put(
                    line.substring(0, scale),
                    Float.parseFloat(line.substring(scale + 1, zero)),
                    Float.parseFloat(line.substring(zero + 1)));
        });
        return found.asMap();
    }
}
