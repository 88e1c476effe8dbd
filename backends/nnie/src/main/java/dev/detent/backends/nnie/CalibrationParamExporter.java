package dev.detent.backends.nnie;

import dev.detent.spi.export.Artifact;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Node;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ReadBackParameters;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * ATC's {@code --gfpq_param_file} in protobuf text form: CalibrationParam, version 65536, one layer per quantized node
 * with scale (codes per unit, the reciprocal of ONNX's) and offset of its inputs and weights; q = round(x scale) +
 * offset.
 */
final class CalibrationParamExporter implements Exporter {

    private static final String SUFFIX = ".calibration_param.txt";
    private static final int VERSION = 65536;
    private static final Pattern LINE = Pattern.compile("\\s*(name|scale|offset|input|weight)(?:: (.*)| \\{)");

    @Override
    public String id() {
        return "calibration-param";
    }

    @Override
    public String summary() {
        return "<model>.onnx and <model>.calibration_param.txt: atc --gfpq_param_file";
    }

    @Override
    public void export(QuantizedModel model, ExportContext context) {
        StringBuilder text = new StringBuilder("version: ").append(VERSION).append('\n');
        for (Node n : model.graph().nodes()) {
            Map<String, TensorQuantization> rows = rows(model, n);
            if (rows.isEmpty()) {
                continue;
            }
            text.append("layer {\n  name: ")
                    .append(context.json(n.name()).strip())
                    .append("\n  calc_data_type: DT_INT8\n  quant_param {\n");
            rows.values().forEach(c -> {
                QuantizationParameters p = c.qparams().orElseThrow();
                text.append(c.isInitializer() ? "    weight {\n" : "    input {\n")
                        .append("      data_type: DT_INT8\n");
                for (int i = 0; i < p.channels(); i++) {
                    text.append("      scale: ")
                            .append(context.decimal(1 / p.scale(i)))
                            .append("\n      offset: ")
                            .append((long) p.zeroPoint(i))
                            .append('\n');
                }
                text.append("    }\n");
            });
            text.append("  }\n}\n");
        }
        context.onnx(model.name() + ".onnx", model.graph());
        context.text(model.name() + SUFFIX, text.toString());
    }

    /** Keys count the blocks of a layer in the file's order. */
    private static Map<String, TensorQuantization> rows(QuantizedModel model, Node n) {
        Map<String, TensorQuantization> rows = new LinkedHashMap<>();
        for (TensorQuantization c : model.quantization().inputs(n)) {
            if (c.state().isWritten()) {
                rows.put(n.name() + " " + rows.size(), c);
            }
        }
        return rows;
    }

    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        Map<String, TensorQuantization> entries = new LinkedHashMap<>();
        model.graph().nodes().forEach(n -> entries.putAll(rows(model, n)));
        return entries;
    }

    @Override
    public Map<String, QuantizationParameters> read(Artifact artefact, Map<String, TensorQuantization> entries) {
        Map<String, List<float[]>> blocks = new LinkedHashMap<>();
        String layer = "";
        int block = -1;
        float scale = 0;
        for (String line : artefact.text(artefact.name() + SUFFIX).lines().toList()) {
            Matcher m = LINE.matcher(line);
            if (!m.matches()) {
                continue;
            }
            switch (m.group(1)) {
                case "name" -> {
                    layer = ReadBackParameters.unquoted(m.group(2));
                    block = -1;
                }
                case "scale" -> scale = 1 / Float.parseFloat(m.group(2));
                case "offset" ->
                    blocks.computeIfAbsent(layer + " " + block, k -> new ArrayList<>())
                            .add(new float[] {scale, Float.parseFloat(m.group(2))});
                default -> block++;
            }
        }
        ReadBackParameters found = new ReadBackParameters();
        blocks.forEach(found::put);
        return found.asMap();
    }
}
