package dev.detent.backends.litert;

import dev.detent.spi.export.Artifact;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.export.ReadableExporter;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.option.Option;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import dev.detent.support.qdq.QdqGraphBuilder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The model as a {@code .tflite} file, made from the same Q/DQ graph that the format {@code qdq} writes: batch 1,
 * pictures N, H, W, C at both ends. Entries are named as the tensors are. The ONNX file beside it says which layers
 * there are, whose weights are then read from the {@code .tflite}.
 */
final class TfliteExporter implements ReadableExporter {

    private static final String SUFFIX = ".tflite";

    private static final Option<String> ENDS = Option.choice(
            "ends",
            "quantized",
            List.of("quantized", "float"),
            "inputs and outputs of the file: as the model's numbers are quantized, or float behind QUANTIZE and DEQUANTIZE");

    private static final Option<String> SIZES = Option.text(
            "sizes", "", "sizes of inputs that the model leaves free, such as 1x3x48x192, or a=1x8,b=1x16 for several");

    /** The model with fixed shapes. */
    private record Fixed(QuantizedModel model, Graph fixed) implements QuantizedModel {
        @Override
        public String name() {
            return model.name();
        }

        @Override
        public String target() {
            return model.target();
        }

        @Override
        public Graph graph() {
            return fixed.copy();
        }

        @Override
        public Quantization quantization() {
            return model.quantization();
        }
    }

    @Override
    public String id() {
        return "tflite";
    }

    @Override
    public String summary() {
        return "<model>.tflite: LiteRT's FlatBuffer with integer operators; <model>.onnx: the same weights in float";
    }

    @Override
    public List<Option<?>> options() {
        return List.of(ENDS, SIZES);
    }

    @Override
    public void export(QuantizedModel model, ExportContext context) {
        context.onnx(model.name() + ".onnx", model.graph());
        Graph fixed = model.graph();
        InputSizes.set(fixed, context.options().get(SIZES));
        context.fixShapes(fixed);
        List<String> open = InputSizes.open(fixed);
        if (!open.isEmpty()) {
            context.report(Problem.error(
                    LitertProblems.NO_SHAPE,
                    "has free dimensions other than the batch, and a .tflite file has none; say its sizes with --set "
                            + "tflite.sizes=, such as 1x3x48x192, or a=1x8,b=1x16 for several inputs",
                    String.join(", ", open)));
            return;
        }
        Graph graph = QdqGraphBuilder.apply(new Fixed(model, fixed), Set.of(), context::raiseOpset);
        boolean floatEnds = context.options().get(ENDS).equals("float");
        context.bytes(model.name() + SUFFIX, GraphConversion.file(graph, model.name(), floatEnds));
    }

    /** Results of nodes that compute something, inputs that are quantized, and weights. */
    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        Graph graph = model.graph();
        Map<String, TensorQuantization> entries = new LinkedHashMap<>();
        for (ValueInfo input : graph.inputs()) {
            inputEncoding(input.name(), model).ifPresent(c -> entries.put(input.name(), c));
        }
        for (Node n : graph.nodes()) {
            Quantization q = model.quantization();
            if (OperatorTable.is(n, Trait.WEIGHTED)) {
                q.input(n, 1)
                        .filter(c -> c.isInitializer() && c.state().isWritten())
                        .ifPresent(c -> entries.put(c.value(), c));
            }
            if (!n.isOneOf(Operators.MOVES)) {
                q.outputs(n).stream().filter(c -> c.state().isActive()).forEach(c -> entries.put(c.value(), c));
            }
        }
        return entries;
    }

    /** Of an input that everybody reads in the same way. */
    private static Optional<TensorQuantization> inputEncoding(String input, QuantizedModel model) {
        List<TensorQuantization> readers = new ArrayList<>();
        for (Graph.Use u : model.graph().uses(input)) {
            model.quantization()
                    .input(u.node(), u.index())
                    .filter(c -> c.state().isActive())
                    .ifPresent(readers::add);
        }
        boolean one =
                readers.stream().map(TensorQuantization::qparams).distinct().count() == 1;
        return one ? Optional.of(readers.get(0)) : Optional.empty();
    }

    @Override
    public Map<String, QuantizationParameters> read(Artifact artefact, Map<String, TensorQuantization> entries) {
        String file = artefact.name() + SUFFIX;
        Map<String, QuantizationParameters> found = new LinkedHashMap<>();
        new TfliteReader(file, artefact.bytes(file)).parameters().asMap().forEach((name, p) -> {
            if (entries.containsKey(name)) {
                found.put(name, p);
            }
        });
        return found;
    }

    /** The operators of the ONNX file beside it, with the weights of this one. */
    @Override
    public Optional<Graph> graph(Artifact artefact) {
        String file = artefact.name() + SUFFIX;
        Map<String, Constant> constants = new TfliteReader(file, artefact.bytes(file)).constants();
        Graph graph = artefact.onnx(artefact.name() + ".onnx");
        for (Node n : graph.nodes()) {
            if (OperatorTable.is(n, Trait.WEIGHTED)) {
                Optional<Tensor> original = graph.initializer(n.input(1));
                Optional<Constant> there = Optional.ofNullable(constants.get(n.input(1)));
                if (original.isPresent() && there.isPresent()) {
                    graph.edit().initializer(n.input(1), weight(n, original.get(), there.get(), file));
                }
            }
        }
        return Optional.of(graph);
    }

    private static Tensor weight(Node n, Tensor original, Constant there, String file) {
        AxisOrder back = Convolutions.weightOrder(n, original.dims()).inverse();
        long[] dims = there.values().dims();
        Constant natural = dims.length == back.rank() ? there.transposed(back) : there;
        if (!Arrays.equals(natural.values().dims(), Picture.tall(original.dims()))) {
            throw new UserException(
                    LitertProblems.DAMAGED,
                    "has weights " + Arrays.toString(dims) + " in tensor '" + n.input(1) + "', the model "
                            + Arrays.toString(original.dims()),
                    file);
        }
        return Tensor.ofFloats(original.dims(), natural.floats());
    }
}
