package dev.detent.backends.nnie;

import dev.detent.spi.export.CaffeNames;
import dev.detent.spi.export.CaffeOptions;
import dev.detent.spi.export.CalibrationInputs;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.UserException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What nnie_mapper takes on the way to a {@code .wk}: prototxt and caffemodel, names in both worlds, means, lists of
 * pictures, and the {@code .cfg} that names them. Means, scale and colour order are those of the run's calibration.
 *
 * @param bits of the target's codes
 * @param table file with the clip values, for mappers that take one
 * @param instructionKey the key by which the mapper's generation knows the result's name
 */
record MapperFiles(int bits, Optional<String> table, String instructionKey) {

    private static final int LONGEST_NAME = 32;
    private static final int PICTURE = 1;
    private static final int FEATURES = 0;

    /** Writes them all, or says why a mapper cannot take this model. */
    void write(QuantizedModel model, ExportContext context) {
        Map<String, String> wide = wideLayers(model);
        Graph graph = model.graph();
        List<Input> inputs = new ArrayList<>();
        for (ValueInfo input : model.graph().inputs()) {
            inputs.add(Input.of(model, input, context.calibration()));
        }
        inputs.forEach(i -> i.pixels()
                .filter(PixelScaling::isUneven)
                .ifPresent(p -> FirstLayer.multiply(graph, i.name(), p.left())));
        CaffeOptions options = new CaffeOptions(
                Set.of(CaffeOptions.Extension.PERMUTE, CaffeOptions.Extension.UPSAMPLE), LONGEST_NAME, wide);
        CaffeNames names;
        try {
            names = context.caffe(model.name(), graph, options);
        } catch (UserException e) {
            if (!e.problems().stream().allMatch(MapperFiles::isOfModel)) {
                throw e;
            }
            e.problems()
                    .forEach(p -> context.report(Problem.warning(
                            NnieProblems.NO_NETWORK,
                            p.sentence() + "; without it there is no prototxt, and nnie_mapper takes nothing else",
                            p.where())));
            return;
        }
        context.text(model.name() + ".names.txt", text(names));
        inputs.forEach(i -> i.write(context));
        context.text(model.name() + ".cfg", settings(model, inputs, wide.isEmpty(), context));
    }

    /**
     * Caffe's own refusals, and those of ONNX Runtime at batch 1. Anything else, such as a full disk, is no fault of
     * the model and ends the run.
     */
    private static boolean isOfModel(Problem p) {
        return p.id().startsWith("DT-CAF-") || p.id().startsWith("DT-RUN-");
    }

    /** Layers of 16 bits in an 8-bit target: the mapper knows them by the end of their names. */
    private Map<String, String> wideLayers(QuantizedModel model) {
        Map<String, String> wide = new LinkedHashMap<>();
        for (Node n : model.graph().nodes()) {
            boolean is16 = model.quantization().inputs(n).stream()
                    .anyMatch(c -> c.state().isWritten() && c.scheme().bits() == 16);
            if (bits == 8 && is16) {
                wide.put(n.name(), "_hp");
            }
        }
        return wide;
    }

    private static String text(CaffeNames names) {
        StringBuilder text = new StringBuilder("# ONNX node or value, and the Caffe layer or blob it became\n");
        names.layers().forEach((node, layer) -> text.append("layer\t" + node + "\t" + layer + "\n"));
        names.blobs().forEach((value, blob) -> text.append("blob\t" + value + "\t" + blob + "\n"));
        return text.toString();
    }

    private String settings(QuantizedModel model, List<Input> inputs, boolean even, ExportContext context) {
        MapperSettings settings = new MapperSettings()
                .put("prototxt_file", "./" + model.name() + ".prototxt")
                .put("caffemodel_file", "./" + model.name() + ".caffemodel")
                .put("batch_num", "1")
                .put("net_type", "0")
                .put("sparse_rate", "0")
                .put("compile_mode", bits == 16 ? "1" : even ? "0" : "2")
                .put("is_simulation", "0")
                .put("log_level", "2")
                .put(instructionKey, "./" + model.name())
                .put("RGB_order", context.calibration().order().name())
                .put("internal_stride", "16");
        for (Input i : inputs) {
            settings.put("image_list", "./" + i.listFile());
            settings.put("image_type", String.valueOf(i.pixels().isPresent() ? PICTURE : FEATURES));
            settings.put(
                    "norm_type",
                    String.valueOf(i.pixels().map(PixelScaling::normType).orElse(0)));
            settings.put(
                    "data_scale",
                    context.decimal(i.pixels().map(PixelScaling::scale).orElse(1f)));
            settings.put("mean_file", i.means().isPresent() ? "./" + i.meanFile() : "null");
        }
        table.ifPresent(t -> settings.put("gfpq_param_file", "./" + t));
        return settings.text(model.name());
    }

    /**
     * An input as the mapper is told of it.
     *
     * @param stem of its files
     * @param pixels empty for an input that is no picture
     */
    private record Input(String name, String stem, Optional<PixelScaling> pixels, List<String> pictures) {
        static Input of(QuantizedModel model, ValueInfo input, CalibrationInputs calibration) {
            Optional<Integer> channels = input.shape()
                    .filter(s ->
                            s.size() == 4 && (s.get(1).size() == 1 || s.get(1).size() == 3))
                    .map(s -> (int) s.get(1).size());
            boolean single = model.graph().inputs().size() == 1;
            return new Input(
                    input.name(),
                    single ? model.name() : model.name() + "." + input.name().replaceAll("[^A-Za-z0-9._-]", "_"),
                    channels.map(c -> PixelScaling.of(calibration, c)),
                    calibration.pictures().getOrDefault(input.name(), List.of()));
        }

        String listFile() {
            return stem + ".images.txt";
        }

        String meanFile() {
            return stem + ".mean.txt";
        }

        Optional<List<Float>> means() {
            return pixels.filter(p -> p.normType() == 2 || p.normType() == 5).map(PixelScaling::means);
        }

        void write(ExportContext context) {
            means().ifPresent(m -> context.text(
                    meanFile(), m.stream().map(context::decimal).reduce("", (all, one) -> all + one + "\n")));
            if (!pictures.isEmpty()) {
                context.text(listFile(), String.join("\n", pictures) + "\n");
            } else {
                context.report(Problem.note(
                        NnieProblems.NO_PICTURES,
                        "was calibrated from arrays; nnie_mapper wants 20 to 50 "
                                + (pixels.isPresent() ? "pictures" : "lines of numbers") + ", listed in " + listFile(),
                        name));
            }
        }
    }
}
