package dev.detent.backends.dsp;

import dev.detent.spi.export.Artifact;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Range;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ReadBackParameters;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The ranges that PPL's DSP reads from a Caffe prototxt ({@code quantize_param} messages of type filter, bottom and
 * top, one per channel for per-channel filters), layer by layer, beside the ONNX model.
 */
final class PplDspExporter implements Exporter {

    private static final String SUFFIX = ".ranges.prototxt";
    private static final Pattern ROW = Pattern.compile(
            "  name: (?<layer>\".*\")|"
                    + "quantize_param \\{ type: \"(?<type>\\w+)\" blob: (?<blob>\".*\") range_min: (?<min>\\S+) range_max: (?<max>\\S+) \\}");

    @Override
    public String id() {
        return "ppl-dsp";
    }

    @Override
    public String summary() {
        return "<model>.onnx and <model>.ranges.prototxt: quantize_param per layer";
    }

    @Override
    public void export(QuantizedModel model, ExportContext context) {
        StringBuilder text = new StringBuilder();
        for (Node n : model.graph().nodes()) {
            Map<String, TensorQuantization> rows = rows(model, n);
            if (rows.isEmpty()) {
                continue;
            }
            text.append("layer {\n  name: ")
                    .append(context.json(n.name()).strip())
                    .append("\n");
            rows.forEach((key, c) -> {
                QuantizationParameters p = c.qparams().orElseThrow();
                for (int i = 0; i < p.channels(); i++) {
                    Range range = c.scheme().system().range(p.scale(i), p.zeroPoint(i), c.scheme());
                    text.append("  quantize_param { type: \"")
                            .append(kind(n, c))
                            .append("\" blob: ")
                            .append(context.json(c.value()).strip())
                            .append(" range_min: ")
                            .append(context.decimal((float) range.low()))
                            .append(" range_max: ")
                            .append(context.decimal((float) range.high()))
                            .append(" }\n");
                }
            });
            text.append("}\n");
        }
        context.onnx(model.name() + ".onnx", model.graph());
        context.text(model.name() + SUFFIX, text.toString());
    }

    /** Weights of up to 8 bits, what enters the network, and what leaves the layer. */
    private static Map<String, TensorQuantization> rows(QuantizedModel model, Node n) {
        Graph graph = model.graph();
        Map<String, TensorQuantization> rows = new LinkedHashMap<>();
        for (TensorQuantization c : model.quantization().inputs(n)) {
            if (c.qparams().isPresent()
                    && !c.state().isFloat()
                    && c.scheme().bits() <= 8
                    && (c.isInitializer() || graph.isInput(c.value()))) {
                rows.put(n.name() + " " + kind(n, c) + " " + c.value(), c);
            }
        }
        for (TensorQuantization c : model.quantization().outputs(n)) {
            if (c.qparams().isPresent() && !c.state().isFloat()) {
                rows.put(n.name() + " " + kind(n, c) + " " + c.value(), c);
            }
        }
        return rows;
    }

    private static String kind(Node n, TensorQuantization c) {
        return n.outputs().contains(c.value()) ? "top" : c.isInitializer() ? "filter" : "bottom";
    }

    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        Map<String, TensorQuantization> entries = new LinkedHashMap<>();
        model.graph().nodes().forEach(n -> entries.putAll(rows(model, n)));
        return entries;
    }

    @Override
    public Map<String, QuantizationParameters> read(Artifact artefact, Map<String, TensorQuantization> entries) {
        Map<String, List<float[]>> channels = new LinkedHashMap<>();
        Matcher m = ROW.matcher(artefact.text(artefact.name() + SUFFIX));
        String layer = "";
        while (m.find()) {
            if (m.group("layer") != null) {
                layer = ReadBackParameters.unquoted(m.group("layer"));
                continue;
            }
            String key = layer + " " + m.group("type") + " " + ReadBackParameters.unquoted(m.group("blob"));
            TensorQuantization c = entries.get(key);
            if (c != null) {
                Scheme s = c.scheme();
                double min = Double.parseDouble(m.group("min"));
                double scale = (Double.parseDouble(m.group("max")) - min) / (s.quantMax() - s.quantMin());
                channels.computeIfAbsent(key, k -> new ArrayList<>()).add(new float[] {
                    (float) scale, (float) Math.rint(s.quantMin() - min / scale)
                });
            }
        }
        ReadBackParameters found = new ReadBackParameters();
        channels.forEach(found::put);
        return found.asMap();
    }
}
