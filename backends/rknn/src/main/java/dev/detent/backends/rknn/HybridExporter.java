package dev.detent.backends.rknn;

import dev.detent.spi.export.Artifact;
import dev.detent.spi.export.CalibrationInputs;
import dev.detent.spi.export.CalibrationInputs.Order;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.export.ReadableExporter;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.FloatNodes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * For rknn-toolkit2's own quantization: the model with weights on their grids, and a script that builds it. The toolkit
 * finds ranges from the calibration's pictures itself; what it takes of our choices is which parts stay float
 * ({@code custom_hybrid}, pairs of tensors around them) and how pixels are prepared. Its {@code .cfg} of step 1 names
 * tensors of the toolkit's own graph, so nobody else can write one.
 */
final class HybridExporter implements ReadableExporter {

    private final Set<String> quantizable;
    private final String method;

    /**
     * @param quantizable operators that the toolkit quantizes of its own accord
     * @param method the toolkit's name for how many scales a weight has: {@code layer} or {@code channel}
     */
    HybridExporter(Set<String> quantizable, String method) {
        this.quantizable = quantizable;
        this.method = method;
    }

    @Override
    public String id() {
        return "hybrid";
    }

    @Override
    public String summary() {
        return "<model>.onnx, <model>.dataset.txt and <model>.build.py: rknn-toolkit2 quantizes, what is float here stays so";
    }

    @Override
    public void export(QuantizedModel model, ExportContext context) {
        CalibrationInputs calibration = context.calibration();
        String name = model.name();
        List<List<String>> rows = new ArrayList<>(calibration.pictures().values());
        StringBuilder lines = new StringBuilder();
        for (int i = 0; !rows.isEmpty() && i < rows.get(0).size(); i++) {
            int row = i;
            lines.append(rows.stream()
                            .map(r -> r.get(Math.min(row, r.size() - 1)))
                            .collect(Collectors.joining(" ")))
                    .append('\n');
        }
        for (ValueInfo input : model.graph().inputs()) {
            if (sizes(input).contains("None")) {
                context.report(Problem.note(
                        RknnProblems.SIZES,
                        "has free dimensions; put the sizes that the chip is to take into " + name + ".build.py",
                        input.name()));
            }
            if (!calibration.pictures().containsKey(input.name())) {
                context.report(Problem.note(
                        RknnProblems.NO_PICTURES,
                        "was calibrated from arrays; rknn-toolkit2 wants pictures or .npy files, listed in " + name
                                + ".dataset.txt",
                        input.name()));
            }
        }
        context.onnx(name + ".onnx", model.graph());
        context.text(name + ".dataset.txt", lines.toString());
        context.text(name + ".build.py", script(model, context));
    }

    /** The toolkit takes no numbers of ours; the weights in the model are compared all the same. */
    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        return Map.of();
    }

    @Override
    public Map<String, QuantizationParameters> read(Artifact artefact, Map<String, TensorQuantization> entries) {
        return Map.of();
    }

    private String script(QuantizedModel model, ExportContext context) {
        String name = text(model.name());
        String pairs = hybrid(model).stream()
                .map(p -> "[" + text(p.get(0)) + ", " + text(p.get(1)) + "]")
                .collect(Collectors.joining(", "));
        List<String> lines = new ArrayList<>(List.of(
                "# Builds the model with rknn-toolkit2: python " + argument(model.name() + ".build.py") + " rk3588",
                "import sys",
                "from rknn.api import RKNN",
                "",
                "name = " + name,
                "rknn = RKNN()",
                "rknn.config(target_platform=sys.argv[1], quantized_method='" + method + "', mean_values="
                        + pixels(model, context, true) + ", std_values=" + pixels(model, context, false)
                        + (context.calibration().order() == Order.BGR ? ", quant_img_RGB2BGR=True" : "") + ")"));
        List<ValueInfo> inputs = model.graph().inputs();
        if (inputs.stream().allMatch(i -> i.staticShape().isPresent())) {
            lines.add("assert rknn.load_onnx(model=name + '.onnx') == 0");
        } else {
            lines.addAll(List.of(
                    "sizes = ["
                            + inputs.stream().map(HybridExporter::sizes).collect(Collectors.joining(", "))
                            + "]  # of every input; the chip's model has fixed ones",
                    "assert all(all(s) for s in sizes), 'put the sizes that the chip is to take into the line above'",
                    "assert rknn.load_onnx(model=name + '.onnx', inputs=["
                            + inputs.stream().map(i -> text(i.name())).collect(Collectors.joining(", "))
                            + "], input_size_list=sizes) == 0"));
        }
        lines.addAll(List.of(
                "hybrid = [" + pairs + "]  # from tensor to tensor: float16",
                "if hybrid:",
                "    assert rknn.hybrid_quantization_step1(dataset=name + '.dataset.txt', custom_hybrid=hybrid) == 0",
                "    rknn.release()",
                "    rknn = RKNN()  # step 2 refuses an object that has loaded a model",
                "    assert rknn.hybrid_quantization_step2(model_input=name + '.model', data_input=name + '.data',",
                "                                          model_quantization_cfg=name + '.quantization.cfg') == 0",
                "else:",
                "    assert rknn.build(do_quantization=True, dataset=name + '.dataset.txt') == 0",
                "assert rknn.export_rknn(name + '.rknn') == 0",
                ""));
        return String.join("\n", lines);
    }

    /** As Python writes them: a free first dimension is a batch of 1, other free ones are the person's choice. */
    private static String sizes(ValueInfo input) {
        List<String> sizes = new ArrayList<>();
        for (ValueInfo.Dimension d : input.shape().orElse(List.of())) {
            sizes.add(d.isKnown() ? Long.toString(d.size()) : sizes.isEmpty() ? "1" : "None");
        }
        return "[" + String.join(", ", sizes) + "]";
    }

    /** Of every input with channels: what the toolkit subtracts, and what it divides by, in pixels. */
    private static String pixels(QuantizedModel model, ExportContext context, boolean mean) {
        CalibrationInputs c = context.calibration();
        List<String> inputs = new ArrayList<>();
        model.graph().inputs().forEach(i -> {
            int channels = i.shape()
                    .filter(s -> s.size() == 4 && s.get(1).isKnown())
                    .map(s -> (int) s.get(1).size())
                    .orElse(1);
            List<String> values = new ArrayList<>();
            for (int k = 0; k < channels; k++) {
                values.add(context.decimal(mean ? c.mean(k) / c.scale() : c.std(k) / c.scale()));
            }
            inputs.add("[" + String.join(", ", values) + "]");
        });
        return "[" + String.join(", ", inputs) + "]";
    }

    /** Nodes that the toolkit would quantize and the run left float. */
    private List<List<String>> hybrid(QuantizedModel model) {
        Graph graph = model.graph();
        List<List<String>> pairs = new ArrayList<>();
        for (Node n : graph.nodes()) {
            if (n.isOneOf(quantizable) && FloatNodes.isFloat(model, n)) {
                n.inputs().stream()
                        .filter(i -> !i.isEmpty() && !graph.isInitializer(i))
                        .findFirst()
                        .ifPresent(in -> pairs.add(List.of(in, n.output(0))));
            }
        }
        return pairs;
    }

    /** As a shell takes it. */
    private static String argument(String value) {
        return value.matches("[\\w.+-]+") ? value : "'" + value.replace("'", "'\\''") + "'";
    }

    /** As Python writes it. */
    private static String text(String value) {
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'").replaceAll("\\p{Cntrl}", "?") + "'";
    }
}
