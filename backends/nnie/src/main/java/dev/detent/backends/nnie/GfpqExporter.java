package dev.detent.backends.nnie;

import dev.detent.spi.export.Artifact;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.option.Option;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.JsonCodec;
import dev.detent.support.export.JsonValue;
import dev.detent.support.export.ReadBackParameters;
import dev.detent.support.export.SideFileCodec;
import dev.detent.support.export.SidecarExporter;
import dev.detent.support.export.TextTableCodec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What nnie_mapper needs: the float model with weights on the grid, in Caffe's form and ONNX's ({@link MapperFiles}),
 * {@code <model>_gfpq_param_dict.json} as MQBench deploys it (layer to one clip value per input),
 * {@code <model>_gfpq_param_table_8bit.txt} (or 16bit) with inputs and weight of every layer, and the mapper's
 * configuration. Clip values lie on the grid: S log2 c is an integer, as the vendor's tool demands.
 */
final class GfpqExporter extends SidecarExporter<List<TextTableCodec.Row>> {

    private static final String DICTIONARY = "_gfpq_param_dict.json";
    private static final String ROOT = "nnie";
    private static final String CLIPS = "gfpq_param_dict";
    private static final String WEIGHT = "weight";

    /**
     * Layers that MQBench leaves out of the dictionary (deploy_nnie.py); they move or bound what is quantized already.
     */
    private static final Set<String> LEFT_OUT =
            Set.of("Flatten", "Relu", "PRelu", "Sigmoid", "Reshape", "Softmax", "Clip", "GlobalAveragePool", "Mul");

    private static final Option<String> MAPPER = Option.choice(
            "mapper", "1.2", List.of("1.1", "1.2"), "generation of nnie_mapper: how the .cfg calls the result's name");

    private static final Option<Boolean> TABLE =
            Option.flag("table", false, "name the table of clips in the .cfg, for a mapper that takes gfpq_param_file");

    /** Of the target's codes; the table's name says them. */
    private final int bits;

    GfpqExporter(int bits) {
        super(
                "gfpq",
                "<model>.prototxt, <model>.caffemodel and <model>.cfg for nnie_mapper, with means, pictures and clips; <model>.onnx",
                "_gfpq_param_table_" + bits + "bit.txt",
                new TextTableCodec(2));
        this.bits = bits;
    }

    @Override
    public List<Option<?>> options() {
        return List.of(MAPPER, TABLE);
    }

    @Override
    protected List<TextTableCodec.Row> document(QuantizedModel model, Map<String, TensorQuantization> entries) {
        return entries.values().stream()
                .map(c -> new TextTableCodec.Row(
                        List.of(c.slot().node(), input(c)),
                        c.qparams().orElseThrow().scale(0)))
                .toList();
    }

    private static String input(TensorQuantization c) {
        return c.isInitializer() ? WEIGHT : "input" + c.slot().index();
    }

    @Override
    protected void writeMore(QuantizedModel model, Map<String, TensorQuantization> entries, ExportContext context) {
        Graph graph = model.graph();
        Map<String, List<Float>> clips = new LinkedHashMap<>();
        entries.values().forEach(c -> {
            Node n = graph.node(c.slot().node()).orElseThrow();
            if (!n.isOneOf(LEFT_OUT)) {
                List<Float> inputs = clips.computeIfAbsent(n.name(), k -> new ArrayList<>());
                if (!c.isInitializer()) {
                    inputs.add(c.qparams().orElseThrow().scale(0));
                }
            }
        });
        new JsonCodec().write(context, model.name() + DICTIONARY, JsonValue.of(ROOT, JsonValue.object(CLIPS, clips)));
        Optional<String> table = context.options().get(TABLE) ? Optional.of(sideFile(model.name())) : Optional.empty();
        String key = context.options().get(MAPPER).equals("1.1") ? "instruction_name" : "instructions_name";
        new MapperFiles(bits, table, key).write(model, context);
    }

    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        Map<String, TensorQuantization> entries = new LinkedHashMap<>();
        for (Node n : model.graph().nodes()) {
            for (TensorQuantization c : model.quantization().inputs(n)) {
                if (c.state().isWritten()) {
                    entries.put(n.name() + " " + input(c), c);
                }
            }
        }
        return entries;
    }

    @Override
    protected void read(
            List<TextTableCodec.Row> rows, Map<String, TensorQuantization> entries, ReadBackParameters found) {
        for (TextTableCodec.Row row : rows) {
            if (row.numbers().length != 1) {
                throw SideFileCodec.damaged(sideFile("*"), row.key(), "should have one clip value");
            }
            found.put(row.key(), row.numbers());
        }
    }

    /**
     * The dictionary must name the same clip values for the layers it holds; where it does not, the entry is missing.
     */
    @Override
    protected void readMore(Artifact artefact, Map<String, TensorQuantization> entries, ReadBackParameters found) {
        JsonValue dictionary = new JsonCodec()
                .read(artefact, artefact.name() + DICTIONARY)
                .get(ROOT)
                .get(CLIPS);
        Map<String, Integer> position = new LinkedHashMap<>();
        entries.forEach((key, c) -> {
            Optional<float[]> clips = dictionary.find(c.slot().node()).map(JsonValue::floats);
            if (!c.isInitializer() && clips.isPresent()) {
                float[] listed = clips.get();
                int at = position.merge(c.slot().node(), 1, Integer::sum) - 1;
                found.get(key)
                        .filter(p -> at >= listed.length || listed[at] != p.scale(0))
                        .ifPresent(p -> found.remove(key));
            }
        });
    }
}
