package dev.detent.backends.ncnn;

import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Node;
import dev.detent.spi.option.Option;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ReadBackParameters;
import dev.detent.support.export.SidecarExporter;
import dev.detent.support.export.TextTableCodec;
import dev.detent.support.problem.SupportProblems;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * ncnn's calibration table for {@code ncnn2int8}: a line {@code <layer>_param_0} with one weight scale per channel,
 * then a line {@code <layer>} with the input's, both as codes per unit (the reciprocal of ONNX's scale). Layers carry
 * the names of ONNX's nodes, as onnx2ncnn gives them; pnnx numbers layers anew, and with its file the table is written
 * a second time under the names there.
 */
final class TableExporter extends SidecarExporter<List<TextTableCodec.Row>> {

    private static final Option<String> PNNX = Option.text(
            "pnnx",
            "",
            "model.ncnn.param that pnnx made of the written .onnx; <model>.ncnn.table then has the names of its layers");

    private static final TextTableCodec CODEC = new TextTableCodec(1);
    private static final String WEIGHT = "_param_0";
    private static final String NAMED_BY_PNNX = ".ncnn.table";

    TableExporter() {
        super("table", "<model>.onnx and <model>.table: ncnn2int8", ".table", CODEC);
    }

    @Override
    public List<Option<?>> options() {
        return List.of(PNNX);
    }

    @Override
    protected List<TextTableCodec.Row> document(QuantizedModel model, Map<String, TensorQuantization> entries) {
        return rows(entries);
    }

    /** The table under pnnx's names. */
    @Override
    protected void writeMore(QuantizedModel model, Map<String, TensorQuantization> entries, ExportContext context) {
        String param = context.options().get(PNNX);
        if (param.isEmpty()) {
            return;
        }
        LayerPairing.Pairs pairs =
                LayerPairing.of(WeightedLayers.of(model.graph()), WeightedLayers.of(NcnnParam.read(Path.of(param))));
        Map<String, TensorQuantization> named = new LinkedHashMap<>();
        entries.forEach((entry, c) -> {
            String node = c.slot().node();
            String layer = pairs.names().get(node);
            if (layer == null) {
                throw new UserException(
                        NcnnProblems.OTHER_MODEL,
                        "has no counterpart in " + param
                                + ": run pnnx on the .onnx file that Detent wrote for this model",
                        node);
            }
            named.put(layer + entry.substring(node.length()), c);
        });
        List<String> alike = pairs.alike().stream().filter(entries::containsKey).toList();
        if (!alike.isEmpty()) {
            context.report(Problem.warning(
                    NcnnProblems.ALIKE,
                    "are in equivalent positions of the network and were paired by their order in the files; check their names in "
                            + param,
                    String.join(", ", alike)));
        }
        CODEC.write(context, model.name() + NAMED_BY_PNNX, rows(named));
    }

    private static List<TextTableCodec.Row> rows(Map<String, TensorQuantization> entries) {
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
