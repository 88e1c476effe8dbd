package dev.detent.backends.nnie;

import dev.detent.spi.export.Artifact;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ReadBackParameters;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What nnie_mapper needs: the float model with weights on the grid (convert it to Caffe),
 * {@code <model>_gfpq_param_dict.json} as MQBench deploys it (layer to one clip value per input),
 * {@code <model>_gfpq_param_table_8bit.txt} (or 16bit) with inputs and weight of every layer, and the mapper's
 * configuration. Clip values lie on the grid: S log2 c is an integer, as the vendor's tool demands.
 */
final class GfpqExporter implements Exporter {

    private static final String DICTIONARY = "_gfpq_param_dict.json";
    private static final String TABLE = "_gfpq_param_table_%dbit.txt";
    private static final String WEIGHT = "weight";

    /**
     * Layers that MQBench leaves out of the dictionary (deploy_nnie.py); they move or bound what is quantized already.
     */
    private static final Set<String> LEFT_OUT =
            Set.of("Flatten", "Relu", "PRelu", "Sigmoid", "Reshape", "Softmax", "Clip", "GlobalAveragePool", "Mul");

    @Override
    public String id() {
        return "gfpq";
    }

    @Override
    public String summary() {
        return "<model>.onnx, <model>_gfpq_param_dict.json, <model>_gfpq_param_table_8bit.txt and <model>.cfg: nnie_mapper";
    }

    @Override
    public void export(QuantizedModel model, ExportContext context) {
        Map<String, Object> dictionary = new LinkedHashMap<>();
        StringBuilder table = new StringBuilder();
        for (Node n : model.graph().nodes()) {
            Map<String, TensorQuantization> rows = rows(model, n);
            if (rows.isEmpty()) {
                continue;
            }
            List<Float> inputs = new ArrayList<>();
            rows.forEach((key, c) -> {
                float clip = c.qparams().orElseThrow().scale(0);
                table.append(key).append(' ').append(context.decimal(clip)).append('\n');
                if (!key.endsWith(WEIGHT)) {
                    inputs.add(clip);
                }
            });
            if (!n.isOneOf(LEFT_OUT)) {
                dictionary.put(n.name(), inputs);
            }
        }
        context.onnx(model.name() + ".onnx", model.graph());
        context.text(model.name() + DICTIONARY, context.json(Map.of("nnie", Map.of("gfpq_param_dict", dictionary))));
        context.text(model.name() + table(bits(model)), table.toString());
        context.text(model.name() + ".cfg", mapper(model));
    }

    /** Mapper settings with the vendor's defaults; what only the user knows is named after the model. */
    private static String mapper(QuantizedModel model) {
        long channels = model.graph().inputs().stream()
                .findFirst()
                .flatMap(ValueInfo::staticShape)
                .filter(s -> s.length == 4)
                .map(s -> s[1])
                .orElse(0L);
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("prototxt_file", "./" + model.name() + ".prototxt");
        settings.put("caffemodel_file", "./" + model.name() + ".caffemodel");
        settings.put("batch_num", "256");
        settings.put("net_type", "0");
        settings.put("sparse_rate", "0");
        settings.put("compile_mode", bits(model) == 16 ? "1" : "0");
        settings.put("is_simulation", "0");
        settings.put("log_level", "2");
        settings.put("instruction_name", "./" + model.name());
        settings.put("RGB_order", "BGR");
        settings.put("data_scale", "0.0039062");
        settings.put("internal_stride", "16");
        settings.put("image_list", "./" + model.name() + ".images.txt");
        settings.put("image_type", channels == 1 || channels == 3 ? "1" : "0");
        settings.put("mean_file", "null");
        settings.put("norm_type", "3");
        settings.put("gfpq_param_file", "./" + model.name() + table(bits(model)));
        StringBuilder text = new StringBuilder();
        settings.forEach(
                (k, v) -> text.append('[').append(k).append("] ").append(v).append('\n'));
        return text.toString();
    }

    private static int bits(QuantizedModel model) {
        return model.quantization().configs().stream().anyMatch(c -> c.scheme().bits() == 16) ? 16 : 8;
    }

    private static String table(int bits) {
        return String.format(TABLE, bits);
    }

    private static Map<String, TensorQuantization> rows(QuantizedModel model, Node n) {
        Map<String, TensorQuantization> rows = new LinkedHashMap<>();
        for (TensorQuantization c : model.quantization().inputs(n)) {
            if (c.state().isWritten()) {
                rows.put(
                        n.name() + " "
                                + (c.isInitializer()
                                        ? WEIGHT
                                        : "input" + c.slot().index()),
                        c);
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

    /** From the table; the dictionary must name the same clip values for the layers it holds. */
    @Override
    public Map<String, QuantizationParameters> read(Artifact artefact, Map<String, TensorQuantization> entries) {
        ReadBackParameters found = new ReadBackParameters();
        artefact.text(artefact.name() + table(artefact.files().contains(artefact.name() + table(16)) ? 16 : 8))
                .lines()
                .forEach(line -> {
                    int blank = line.lastIndexOf(' ');
                    found.put(line.substring(0, blank), Float.parseFloat(line.substring(blank + 1)), 0);
                });
        Map<?, ?> dictionary = (Map<?, ?>)
                ((Map<?, ?>) artefact.json(artefact.name() + DICTIONARY).get("nnie")).get("gfpq_param_dict");
        Map<String, Integer> position = new LinkedHashMap<>();
        entries.forEach((key, c) -> {
            String layer = c.slot().node();
            if (!key.endsWith(WEIGHT) && dictionary.get(layer) instanceof List<?> clips) {
                int at = position.merge(layer, 1, Integer::sum) - 1;
                if (at >= clips.size()
                        || !found.contains(key)
                        || ((Number) clips.get(at)).floatValue()
                                != found.asMap().get(key).scale(0)) {
                    found.remove(key);
                }
            }
        });
        return found.asMap();
    }
}
