package dev.detent.backends.sophgo;

import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.FloatNodes;
import dev.detent.support.export.ReadBackParameters;
import dev.detent.support.export.SideFileCodec;
import dev.detent.support.export.SidecarExporter;
import dev.detent.support.export.TensorEncodings;
import dev.detent.support.export.TextTableCodec;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * tpu-mlir's calibration table, {@code op_name threshold min max}, and its table of layers that stay float,
 * {@code op_name mode}. An operation is called {@code <its first output>_<its type>}, an input by its own name
 * (OnnxConverter.py).
 */
final class CalibrationTableExporter extends SidecarExporter<List<TextTableCodec.Row>> {

    CalibrationTableExporter() {
        super(
                "calibration-table",
                "<model>.onnx, <model>_cali_table and <model>_qtable: tpu-mlir's model_transform and model_deploy",
                "_cali_table",
                new TextTableCodec(1));
    }

    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        Map<String, TensorQuantization> entries = new LinkedHashMap<>();
        TensorEncodings.of(model).activations().forEach((value, c) -> entries.put(name(model.graph(), value), c));
        return entries;
    }

    private static String name(Graph graph, String value) {
        return graph.producer(value).map(n -> n.output(0) + "_" + n.opType()).orElse(value);
    }

    @Override
    protected List<TextTableCodec.Row> document(QuantizedModel model, Map<String, TensorQuantization> entries) {
        return entries.entrySet().stream()
                .map(e -> {
                    Scheme s = e.getValue().scheme();
                    float threshold = e.getValue().qparams().orElseThrow().scale(0) * s.quantMax();
                    return new TextTableCodec.Row(
                            List.of(e.getKey()), threshold, s.quantMin() < 0 ? -threshold : 0, threshold);
                })
                .toList();
    }

    @Override
    protected void writeMore(QuantizedModel model, Map<String, TensorQuantization> entries, ExportContext context) {
        StringBuilder floats = new StringBuilder();
        for (Node n : model.graph().nodes()) {
            if (n.isOneOf(Sophgo.TYPES) && FloatNodes.isFloat(model, n)) {
                String name = name(model.graph(), n.output(0));
                floats.append(TextTableCodec.word(model.name() + "_qtable", name))
                        .append(" F16\n");
            }
        }
        context.text(model.name() + "_qtable", floats.toString());
    }

    @Override
    protected void read(
            List<TextTableCodec.Row> rows, Map<String, TensorQuantization> entries, ReadBackParameters found) {
        for (TextTableCodec.Row row : rows) {
            if (row.numbers().length != 3) {
                throw SideFileCodec.damaged(sideFile("*"), row.key(), "should have threshold, min and max");
            }
            boolean signed = row.numbers()[1] < 0;
            found.put(row.key(), row.numbers()[0] / (signed ? 127 : 255), 0);
        }
    }
}
