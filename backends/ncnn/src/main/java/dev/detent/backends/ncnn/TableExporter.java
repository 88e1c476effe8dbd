package dev.detent.backends.ncnn;

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

/**
 * ncnn's calibration table for {@code ncnn2int8}: a line {@code <layer>_param_0} with one weight scale per channel,
 * then a line {@code <layer>} with the input's, both as codes per unit (the reciprocal of ONNX's scale). Layers carry
 * the names of ONNX's nodes, as onnx2ncnn gives them.
 */
final class TableExporter implements Exporter {

    private static final String SUFFIX = ".table";
    private static final String WEIGHT = "_param_0";

    @Override
    public String id() {
        return "table";
    }

    @Override
    public String summary() {
        return "<model>.onnx and <model>.table: ncnn2int8";
    }

    @Override
    public void export(QuantizedModel model, ExportContext context) {
        StringBuilder text = new StringBuilder();
        entries(model).forEach((layer, c) -> {
            text.append(layer);
            for (float s : c.qparams().orElseThrow().scales()) {
                text.append(' ').append(context.decimal(1 / s));
            }
            text.append('\n');
        });
        context.onnx(model.name() + ".onnx", model.graph());
        context.text(model.name() + SUFFIX, text.toString());
    }

    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        Map<String, TensorQuantization> weights = new LinkedHashMap<>();
        Map<String, TensorQuantization> inputs = new LinkedHashMap<>();
        for (Node n : model.graph().nodes()) {
            if (model.quantization().isQuantized(n)) {
                model.quantization().input(n, 1).ifPresent(c -> weights.put(n.name() + WEIGHT, c));
                model.quantization().input(n, 0).ifPresent(c -> inputs.put(n.name(), c));
            }
        }
        weights.putAll(inputs);
        return weights;
    }

    @Override
    public Map<String, QuantizationParameters> read(Artifact artefact, Map<String, TensorQuantization> entries) {
        ReadBackParameters found = new ReadBackParameters();
        artefact.text(artefact.name() + SUFFIX).lines().forEach(line -> {
            // A layer's name may hold blanks: the numbers are counted from the right.
            List<String> words = new ArrayList<>(List.of(line.split(" ")));
            int numbers = 0;
            while (numbers < words.size() - 1
                    && words.get(words.size() - 1 - numbers).matches("[0-9.]+")) {
                numbers++;
            }
            String layer = String.join(" ", words.subList(0, words.size() - numbers));
            if (numbers > 0) {
                float[] scales = new float[numbers];
                for (int i = 0; i < numbers; i++) {
                    scales[i] = 1 / Float.parseFloat(words.get(words.size() - numbers + i));
                }
                found.put(layer, scales, new float[numbers]);
            }
        });
        return found.asMap();
    }
}
