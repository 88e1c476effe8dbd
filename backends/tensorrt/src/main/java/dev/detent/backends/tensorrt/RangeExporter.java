package dev.detent.backends.tensorrt;

import dev.detent.spi.export.Artifact;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ReadBackParameters;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Dynamic ranges for the implicit quantization of TensorRT 10 and older: the model without Q/DQ,
 * {@code {"act_quant_info": {tensor: amax}}} with amax = 127 scale (PPQ 0.6.6's TensorRTExporter_JSON; 0.6.5.1 wrote
 * 127.5 scale, docs/differences.md), and the weights of Conv and Gemm as tensorrtx reads them ({@code .wts}: name,
 * count, big-endian float32 in hex).
 */
final class RangeExporter implements Exporter {

    private static final String KEY = "act_quant_info";

    @Override
    public String id() {
        return "ranges";
    }

    @Override
    public String summary() {
        return "<model>.onnx, <model>.ranges.json (setDynamicRange) and <model>.wts: TensorRT 10 and older";
    }

    @Override
    public void export(QuantizedModel model, ExportContext context) {
        Map<String, Object> ranges = new LinkedHashMap<>();
        entries(model)
                .forEach((name, c) -> ranges.put(name, c.qparams().orElseThrow().scale(0) * 127));
        context.text(model.name() + ".ranges.json", context.json(Map.of(KEY, ranges)));
        context.text(model.name() + ".wts", weights(model.graph()));
        context.onnx(model.name() + ".onnx", model.graph());
    }

    private static String weights(Graph graph) {
        Map<String, Tensor> parameters = new LinkedHashMap<>();
        for (Node n : graph.nodes()) {
            if (n.is("Conv", "Gemm")) {
                n.inputs()
                        .forEach(v -> graph.initializer(v)
                                .filter(t -> t.type() == ElementType.FLOAT)
                                .ifPresent(t -> parameters.put(v, t)));
            }
        }
        StringBuilder text = new StringBuilder().append(parameters.size()).append('\n');
        parameters.forEach((name, t) -> {
            text.append(name).append(' ').append(t.elementCount());
            for (float v : t.floats()) {
                text.append(' ').append(String.format("%08x", Float.floatToRawIntBits(v)));
            }
            text.append('\n');
        });
        return text.toString();
    }

    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        Map<String, TensorQuantization> entries = new LinkedHashMap<>();
        for (TensorQuantization c : model.quantization().configs()) {
            if (!c.isInitializer()
                    && c.state().isWritten()
                    && c.scheme().symmetric()
                    && c.scheme().bits() == 8
                    && !c.scheme().isPerChannel()) {
                entries.put(c.value(), c);
            }
        }
        return entries;
    }

    @Override
    public Map<String, QuantizationParameters> read(Artifact artefact, Map<String, TensorQuantization> entries) {
        ReadBackParameters found = new ReadBackParameters();
        if (artefact.json(artefact.name() + ".ranges.json").get(KEY) instanceof Map<?, ?> ranges) {
            ranges.forEach((name, amax) -> found.put((String) name, ((Number) amax).floatValue() / 127, 0));
        }
        return found.asMap();
    }
}
