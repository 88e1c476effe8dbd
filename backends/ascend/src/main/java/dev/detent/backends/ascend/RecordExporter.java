package dev.detent.backends.ascend;

import dev.detent.spi.export.Artifact;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
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
 * AMCT's scale_offset_record in protobuf text form: a record per layer with the input's scale and offset (signed: zero
 * point - 128), one scale_w per output channel with offset_w 0, and the input's channels, height and width.
 */
final class RecordExporter implements Exporter {

    private static final String SUFFIX = ".record.txt";
    private static final String DATA = " scale_d";
    private static final String WEIGHT = " scale_w";
    private static final Pattern FIELD = Pattern.compile("\\s*(key|scale_d|offset_d|scale_w): (.*)");

    @Override
    public String id() {
        return "record";
    }

    @Override
    public String summary() {
        return "<model>.onnx and <model>.record.txt: AMCT's scale and offset records";
    }

    @Override
    public void export(QuantizedModel model, ExportContext context) {
        Graph graph = model.graph();
        StringBuilder text = new StringBuilder();
        Map<String, TensorQuantization> entries = entries(model);
        for (Node n : graph.nodes()) {
            TensorQuantization data = entries.get(n.name() + DATA);
            if (data == null) {
                continue;
            }
            QuantizationParameters p = data.qparams().orElseThrow();
            text.append("record {\n  key: ")
                    .append(context.json(n.name()).strip())
                    .append("\n  value {\n    scale_d: ")
                    .append(context.decimal(p.scale(0)))
                    .append("\n    offset_d: ")
                    .append((long) p.zeroPoint(0) - 128)
                    .append('\n');
            TensorQuantization weight = entries.get(n.name() + WEIGHT);
            if (weight != null) {
                for (float s : weight.qparams().orElseThrow().scales()) {
                    text.append("    scale_w: ").append(context.decimal(s)).append('\n');
                }
                text.append("    offset_w: 0\n"
                        .repeat(weight.qparams().orElseThrow().channels()));
            }
            long[] shape =
                    graph.valueInfo(n.input(0)).flatMap(ValueInfo::staticShape).orElse(new long[0]);
            if (shape.length > 1) {
                text.append("    channels: ")
                        .append(shape[1])
                        .append("\n    height: ")
                        .append(shape.length > 2 ? shape[2] : 1)
                        .append("\n    width: ")
                        .append(shape.length > 3 ? shape[3] : 1)
                        .append('\n');
            }
            text.append("  }\n}\n");
        }
        context.onnx(model.name() + ".onnx", graph);
        context.text(model.name() + SUFFIX, text.toString());
    }

    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        Map<String, TensorQuantization> entries = new LinkedHashMap<>();
        for (Node n : model.graph().nodes()) {
            if (model.quantization().isQuantized(n)) {
                model.quantization()
                        .input(n, 0)
                        .filter(c -> c.state().isActive())
                        .ifPresent(c -> entries.put(n.name() + DATA, c));
                model.quantization()
                        .input(n, 1)
                        .filter(c -> c.state().isWritten())
                        .ifPresent(c -> entries.put(n.name() + WEIGHT, c));
            }
        }
        return entries;
    }

    @Override
    public Map<String, QuantizationParameters> read(Artifact artefact, Map<String, TensorQuantization> entries) {
        ReadBackParameters found = new ReadBackParameters();
        Map<String, List<Float>> weights = new LinkedHashMap<>();
        String layer = "";
        float scale = 0;
        for (String line : artefact.text(artefact.name() + SUFFIX).lines().toList()) {
            Matcher m = FIELD.matcher(line);
            if (!m.matches()) {
                continue;
            }
            switch (m.group(1)) {
                case "key" -> layer = ReadBackParameters.unquoted(m.group(2));
                case "scale_d" -> scale = Float.parseFloat(m.group(2));
                case "offset_d" -> found.put(layer + DATA, scale, Float.parseFloat(m.group(2)) + 128);
                default ->
                    weights.computeIfAbsent(layer + WEIGHT, k -> new ArrayList<>())
                            .add(Float.parseFloat(m.group(2)));
            }
        }
        weights.forEach((key, list) -> {
            float[] scales = new float[list.size()];
            for (int i = 0; i < scales.length; i++) {
                scales[i] = list.get(i);
            }
            found.put(key, scales, new float[scales.length]);
        });
        return found.asMap();
    }
}
