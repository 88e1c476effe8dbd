package dev.detent.backends.tensorrt;

import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.JsonValue;
import dev.detent.support.export.ReadBackParameters;
import dev.detent.support.export.TensorMapExporter;
import dev.detent.support.export.TextTableCodec;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Dynamic ranges for the implicit quantization of TensorRT 10 and older: the model without Q/DQ,
 * {@code {"act_quant_info": {tensor: amax}}} with amax = 127 scale (PPQ 0.6.6's TensorRTExporter_JSON; 0.6.5.1 wrote
 * 127.5 scale, docs/differences.md), and the weights of Conv and Gemm as tensorrtx reads them ({@code .wts}: name,
 * count, big-endian float32 in hex).
 */
final class RangeExporter extends TensorMapExporter {

    RangeExporter() {
        super(
                "ranges",
                "<model>.onnx, <model>.ranges.json (setDynamicRange) and <model>.wts: TensorRT 10 and older",
                ".ranges.json",
                "act_quant_info");
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
    protected Object row(TensorQuantization c) {
        return c.qparams().orElseThrow().scale(0) * 127;
    }

    @Override
    protected QuantizationParameters parameters(String entry, JsonValue amax) {
        return ReadBackParameters.parameters(entry, new float[] {(float) amax.number() / 127});
    }

    @Override
    protected void writeMore(QuantizedModel model, Map<String, TensorQuantization> entries, ExportContext context) {
        String file = model.name() + ".wts";
        context.text(file, weights(file, model.graph()));
    }

    private static String weights(String file, Graph graph) {
        Map<String, Tensor> parameters = new LinkedHashMap<>();
        for (Node n : graph.nodes()) {
            if (n.is("Conv", "Gemm")) {
                n.inputs()
                        .forEach(v -> graph.initializer(v)
                                .filter(t -> t.type() == ElementType.FLOAT)
                                .ifPresent(t -> parameters.put(v, t)));
            }
        }
        HexFormat hex = HexFormat.of();
        StringBuilder text = new StringBuilder().append(parameters.size()).append('\n');
        parameters.forEach((name, t) -> {
            text.append(TextTableCodec.word(file, name)).append(' ').append(t.elementCount());
            for (float v : t.floats()) {
                text.append(' ').append(hex.toHexDigits(Float.floatToRawIntBits(v)));
            }
            text.append('\n');
        });
        return text.toString();
    }
}
