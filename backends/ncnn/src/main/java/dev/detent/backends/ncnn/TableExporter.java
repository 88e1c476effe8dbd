package dev.detent.backends.ncnn;

import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Node;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ReadBackParameters;
import dev.detent.support.export.SidecarExporter;
import dev.detent.support.export.TextTableCodec;
import dev.detent.support.problem.SupportProblems;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * ncnn's calibration table for {@code ncnn2int8}: a line {@code <layer>_param_0} with one weight scale per channel,
 * then a line {@code <layer>} with the input's, both as codes per unit (the reciprocal of ONNX's scale). Layers carry
 * the names of ONNX's nodes, as onnx2ncnn gives them.
 */
final class TableExporter extends SidecarExporter<List<TextTableCodec.Row>> {

    private static final String WEIGHT = "_param_0";

    TableExporter() {
        super("table", "<model>.onnx and <model>.table: ncnn2int8", ".table", new TextTableCodec(1));
    }

    @Override
    protected List<TextTableCodec.Row> document(QuantizedModel model, Map<String, TensorQuantization> entries) {
        return entries.entrySet().stream()
                .map(e -> new TextTableCodec.Row(
                        List.of(e.getKey()),
                        reciprocals(e.getValue().qparams().orElseThrow().scales())))
                .toList();
    }

    @Override
    protected void read(
            List<TextTableCodec.Row> rows, Map<String, TensorQuantization> entries, ReadBackParameters found) {
        rows.forEach(r -> found.put(r.key(), reciprocals(r.numbers())));
    }

    private static float[] reciprocals(float[] numbers) {
        float[] reciprocals = new float[numbers.length];
        for (int i = 0; i < numbers.length; i++) {
            reciprocals[i] = 1 / numbers[i];
        }
        return reciprocals;
    }

    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        Map<String, TensorQuantization> entries = new LinkedHashMap<>();
        Map<String, TensorQuantization> inputs = new LinkedHashMap<>();
        for (Node n : model.graph().nodes()) {
            if (model.quantization().isQuantized(n)) {
                model.quantization()
                        .input(n, 1)
                        .filter(c -> c.state().isWritten())
                        .ifPresent(c -> entries.put(n.name() + WEIGHT, c));
                model.quantization()
                        .input(n, 0)
                        .filter(c -> c.root().state().isWritten())
                        .ifPresent(c -> inputs.put(n.name(), c));
            }
        }
        inputs.forEach((layer, c) -> {
            if (entries.put(layer, c) != null) {
                throw new UserException(
                        SupportProblems.NAME_TAKEN,
                        "is a layer, and in ncnn's table also the line of another layer's weight; rename it in the model",
                        layer);
            }
        });
        return entries;
    }
}
