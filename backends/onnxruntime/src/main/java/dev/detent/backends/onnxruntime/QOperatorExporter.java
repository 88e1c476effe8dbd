package dev.detent.backends.onnxruntime;

import dev.detent.spi.export.Artifact;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ReadBackParameters;
import dev.detent.support.qdq.QdqGraphBuilder;
import dev.detent.support.qdq.QdqGraphReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * ONNX with integer operators. Starts from the Q/DQ form and replaces every operator whose float inputs all come from a
 * DequantizeLinear and whose output goes into a QuantizeLinear by its integer twin; what has none keeps its Q/DQ pair.
 * Layouts: ONNX QLinearConv and QLinearMatMul; ONNX Runtime contrib operators (domain com.microsoft) for the rest.
 */
final class QOperatorExporter implements Exporter {

    private static final String SUFFIX = ".qop.onnx";
    private static final String MICROSOFT = "com.microsoft";

    /** How an integer twin takes its inputs. */
    private enum Shape {
        CONV,
        MATMUL,
        GEMM,
        BINARY,
        UNARY,
        CONCAT,
        MOVE
    }

    private record Twin(String domain, String opType, Shape shape) {}

    private static final Map<String, Twin> TWINS = Map.ofEntries(
            Map.entry("Conv", new Twin("", "QLinearConv", Shape.CONV)),
            Map.entry("MatMul", new Twin("", "QLinearMatMul", Shape.MATMUL)),
            Map.entry("Gemm", new Twin(MICROSOFT, "QGemm", Shape.GEMM)),
            Map.entry("Add", new Twin(MICROSOFT, "QLinearAdd", Shape.BINARY)),
            Map.entry("Mul", new Twin(MICROSOFT, "QLinearMul", Shape.BINARY)),
            Map.entry("Sigmoid", new Twin(MICROSOFT, "QLinearSigmoid", Shape.UNARY)),
            Map.entry("LeakyRelu", new Twin(MICROSOFT, "QLinearLeakyRelu", Shape.UNARY)),
            Map.entry("GlobalAveragePool", new Twin(MICROSOFT, "QLinearGlobalAveragePool", Shape.UNARY)),
            Map.entry("AveragePool", new Twin(MICROSOFT, "QLinearAveragePool", Shape.UNARY)),
            Map.entry("Concat", new Twin(MICROSOFT, "QLinearConcat", Shape.CONCAT)),
            Map.entry("MaxPool", new Twin("", "MaxPool", Shape.MOVE)),
            Map.entry("Reshape", new Twin("", "Reshape", Shape.MOVE)),
            Map.entry("Flatten", new Twin("", "Flatten", Shape.MOVE)),
            Map.entry("Transpose", new Twin("", "Transpose", Shape.MOVE)),
            Map.entry("Squeeze", new Twin("", "Squeeze", Shape.MOVE)),
            Map.entry("Unsqueeze", new Twin("", "Unsqueeze", Shape.MOVE)),
            Map.entry("Slice", new Twin("", "Slice", Shape.MOVE)),
            Map.entry("Identity", new Twin("", "Identity", Shape.MOVE)));

    /** The integer side of a dequantized value. */
    private record Code(String value, String scale, String zeroPoint) {}

    @Override
    public String id() {
        return "qoperator";
    }

    @Override
    public String summary() {
        return "<model>.qop.onnx: QLinearConv and other integer operators";
    }

    @Override
    public void export(QuantizedModel model, ExportContext context) {
        context.onnx(model.name() + SUFFIX, convert(model));
    }

    /**
     * What the conversion puts at a slot is an entry: activations that saturation does for free are gone, their numbers
     * stand at the producer.
     */
    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        Map<String, TensorQuantization> entries = new LinkedHashMap<>();
        positions(convert(model))
                .keySet()
                .forEach(slot -> model.quantization()
                        .config(slot)
                        .filter(c -> c.qparams().isPresent() && !c.state().isFloat())
                        .ifPresent(c -> entries.put(slot.toString(), c)));
        return entries;
    }

    @Override
    public Map<String, QuantizationParameters> read(Artifact artefact, Map<String, TensorQuantization> entries) {
        ReadBackParameters found = new ReadBackParameters();
        positions(artefact.onnx(artefact.name() + SUFFIX)).forEach((slot, p) -> {
            if (entries.containsKey(slot.toString())) {
                found.put(slot.toString(), p);
            }
        });
        return found.asMap();
    }

    @Override
    public boolean absorbsActivations() {
        return true;
    }

    /**
     * Float operators with real weights in place of the integer ones; what is left of the pairs goes, and activations
     * stay gone.
     */
    @Override
    public Optional<Graph> graph(Artifact artefact) {
        Graph graph = artefact.onnx(artefact.name() + SUFFIX);
        GraphEditor edit = graph.edit();
        Map<String, String> types = new LinkedHashMap<>();
        TWINS.forEach((type, twin) -> types.put(twin.opType(), type));
        for (Node n : List.copyOf(graph.nodes())) {
            Twin twin = TWINS.get(types.getOrDefault(n.opType(), ""));
            if (twin != null && twin.shape() != Shape.MOVE) {
                edit.replace(new Node(
                        n.name(),
                        "",
                        types.get(n.opType()),
                        floats(edit, n, twin.shape()),
                        n.outputs(),
                        n.attributes(),
                        UnmodeledProto.NONE));
            }
        }
        deleteUnread(edit);
        return Optional.of(QdqGraphReader.of(graph).graph());
    }

    private static List<String> floats(GraphEditor edit, Node n, Shape shape) {
        List<String> inputs = new ArrayList<>();
        int first = shape == Shape.CONCAT ? 2 : 0;
        int operands = shape == Shape.CONCAT ? (n.inputs().size() - 2) / 3 : shape == Shape.UNARY ? 1 : 2;
        for (int i = 0; i < operands; i++) {
            inputs.add(real(edit, n.input(first + 3 * i), n.input(first + 3 * i + 1), n));
        }
        String bias = shape == Shape.CONV ? n.input(8) : shape == Shape.GEMM ? n.input(6) : "";
        if (!bias.isEmpty()) {
            float x = edit.graph().initializer(n.input(1)).orElseThrow().floats()[0];
            float[] w = edit.graph().initializer(n.input(4)).orElseThrow().floats();
            int[] codes = edit.graph().initializer(bias).orElseThrow().codes();
            float[] values = new float[codes.length];
            for (int i = 0; i < values.length; i++) {
                values[i] = codes[i] * (x * w[w.length == 1 ? 0 : i]);
            }
            String name = edit.freshName(bias + "_real");
            edit.initializer(name, Tensor.ofFloats(new long[] {values.length}, values));
            inputs.add(name);
        }
        return inputs;
    }

    /**
     * A constant's real values; a computed value as it is. Per-channel scales run along the output channels of Conv,
     * Gemm and MatMul.
     */
    private static String real(GraphEditor edit, String value, String scale, Node n) {
        Optional<Tensor> codes = edit.graph().initializer(value);
        if (codes.isEmpty()) {
            return value;
        }
        QuantizationParameters p = parameters(edit.graph(), n, n.inputs().indexOf(scale));
        int[] q = codes.get().codes();
        long[] dims = codes.get().dims();
        int axis = n.opType().equals("QLinearMatMul") || n.opType().equals("QGemm") && n.intAttribute("transB", 0) == 0
                ? dims.length - 1
                : 0;
        int stride = 1;
        for (int d = axis + 1; d < dims.length; d++) {
            stride *= (int) dims[d];
        }
        float[] values = new float[q.length];
        for (int i = 0; i < q.length; i++) {
            int channel = i / stride % p.channels();
            values[i] = (q[i] - p.zeroPoint(channel)) * p.scale(channel);
        }
        String name = edit.freshName(value + "_real");
        edit.initializer(name, Tensor.ofFloats(dims, values));
        return name;
    }

    /** Scales and zero points as inputs of the integer operators, and of the pairs that are left. */
    private static Map<Slot, QuantizationParameters> positions(Graph graph) {
        Map<Slot, QuantizationParameters> positions =
                new LinkedHashMap<>(QdqGraphReader.of(graph).parameters());
        Map<String, Shape> shapes = new LinkedHashMap<>();
        TWINS.values().stream().filter(t -> t.shape() != Shape.MOVE).forEach(t -> shapes.put(t.opType(), t.shape()));
        for (Node n : graph.nodes()) {
            Shape shape = shapes.get(n.opType());
            if (shape == null) {
                continue;
            }
            int output = switch (shape) {
                case CONV, MATMUL, BINARY -> 6;
                case GEMM -> 7;
                case UNARY -> 3;
                case CONCAT, MOVE -> 0;
            };
            positions.put(Slot.output(n.name(), 0), parameters(graph, n, output));
            int first = shape == Shape.CONCAT ? 3 : 1;
            int operands = shape == Shape.CONCAT ? (n.inputs().size() - 2) / 3 : shape == Shape.UNARY ? 1 : 2;
            for (int i = 0; i < operands; i++) {
                positions.put(Slot.input(n.name(), i), parameters(graph, n, first + 3 * i));
            }
        }
        return positions;
    }

    private static QuantizationParameters parameters(Graph graph, Node n, int scale) {
        float[] scales = graph.initializer(n.input(scale)).orElseThrow().floats();
        int[] codes = graph.initializer(n.input(scale + 1)).orElseThrow().codes();
        float[] zeroPoints = new float[scales.length];
        for (int i = 0; i < scales.length; i++) {
            zeroPoints[i] = codes[Math.min(i, codes.length - 1)];
        }
        return new QuantizationParameters(scales, zeroPoints);
    }

    private static Graph convert(QuantizedModel model) {
        Graph graph = QdqGraphBuilder.apply(model);
        GraphEditor edit = graph.edit();
        boolean contrib = false;
        dropActivations(edit);
        for (Node n : List.copyOf(graph.nodes())) {
            Twin twin = n.domain().isEmpty() ? TWINS.get(n.opType()) : null;
            if (twin != null && replace(edit, n, twin)) {
                contrib |= twin.domain().equals(MICROSOFT);
            }
        }
        deleteUnread(edit);
        if (contrib) {
            edit.opset(MICROSOFT, 1);
        }
        edit.sort();
        return graph;
    }

    /**
     * A ReLU or Clip in front of a QuantizeLinear whose range lies inside its bounds does nothing: the codes saturate
     * there. It goes where it stands behind an operator that becomes an integer one; elsewhere nothing would show its
     * numbers.
     */
    private static void dropActivations(GraphEditor edit) {
        Graph graph = edit.graph();
        for (Node n : List.copyOf(graph.nodes())) {
            Optional<Node> q = n.is("Relu", "Clip") && !graph.isOutput(n.output(0))
                    ? onlyConsumer(graph, n.output(0)).filter(c -> c.is("QuantizeLinear"))
                    : Optional.empty();
            boolean alone = graph.producer(n.input(0))
                            .filter(p -> p.isOneOf(TWINS.keySet()))
                            .isPresent()
                    && graph.consumers(n.input(0)).size() == 1
                    && !graph.isOutput(n.input(0));
            if (q.isPresent() && alone && saturates(graph, n, q.get())) {
                edit.bypass(n);
            }
        }
    }

    private static boolean saturates(Graph graph, Node n, Node q) {
        Tensor scale = graph.initializer(q.input(1)).orElseThrow();
        Tensor zero = graph.initializer(q.input(2)).orElseThrow();
        if (scale.elementCount() != 1) {
            return false;
        }
        boolean unsigned = zero.type() == ElementType.UINT8;
        float s = scale.floats()[0];
        float z = zero.floats()[0];
        float lo = s * ((unsigned ? 0 : -128) - z);
        float hi = s * ((unsigned ? 255 : 127) - z);
        float min = n.is("Relu") ? 0 : bound(graph, n.input(1), Float.NEGATIVE_INFINITY);
        float max = n.is("Relu") ? Float.POSITIVE_INFINITY : bound(graph, n.input(2), Float.POSITIVE_INFINITY);
        return lo >= min - s / 2 && hi <= max + s / 2;
    }

    private static float bound(Graph graph, String value, float otherwise) {
        return graph.initializer(value).map(t -> t.floats()[0]).orElse(otherwise);
    }

    private static boolean replace(GraphEditor edit, Node n, Twin twin) {
        Graph graph = edit.graph();
        Optional<Node> q =
                onlyConsumer(graph, n.output(0)).filter(c -> c.is("QuantizeLinear") && !graph.isOutput(n.output(0)));
        if (q.isEmpty() || !plain(n, twin)) {
            return false;
        }
        List<Code> codes = new ArrayList<>();
        int operands = twin.shape() == Shape.UNARY || twin.shape() == Shape.MOVE
                ? 1
                : n.inputs().size();
        for (int i = 0; i < operands; i++) {
            Optional<Code> code = code(graph, n.input(i));
            if (code.isEmpty()) {
                return false;
            }
            codes.add(code.get());
        }
        String scale = q.get().input(1);
        String zero = q.get().input(2);
        List<String> inputs = new ArrayList<>();
        Map<String, Attribute> attributes = new LinkedHashMap<>(n.attributes());
        switch (twin.shape()) {
            case MOVE -> {
                if (!same(graph, codes.get(0).scale(), scale)
                        || !same(graph, codes.get(0).zeroPoint(), zero)) {
                    return false;
                }
                inputs.add(codes.get(0).value());
                inputs.addAll(n.inputs().subList(1, n.inputs().size()));
            }
            case CONCAT -> {
                inputs.addAll(List.of(scale, zero));
                codes.forEach(c -> inputs.addAll(List.of(c.value(), c.scale(), c.zeroPoint())));
            }
            case GEMM -> {
                attributes.remove("beta");
                add(inputs, codes.get(0));
                add(inputs, codes.get(1));
                inputs.add(codes.size() > 2 ? codes.get(2).value() : "");
                inputs.addAll(List.of(scale, zero));
            }
            default -> {
                add(inputs, codes.get(0));
                if (codes.size() > 1) {
                    add(inputs, codes.get(1));
                }
                inputs.addAll(List.of(scale, zero));
                if (codes.size() > 2) {
                    inputs.add(codes.get(2).value());
                }
            }
        }
        edit.remove(q.get());
        edit.replace(new Node(
                n.name(), twin.domain(), twin.opType(), inputs, q.get().outputs(), attributes, UnmodeledProto.NONE));
        return true;
    }

    private static void add(List<String> inputs, Code c) {
        inputs.addAll(List.of(c.value(), c.scale(), c.zeroPoint()));
    }

    /**
     * Gemm's twin knows neither transA with integers on all builds nor factors; two-operand twins take two operands.
     */
    private static boolean plain(Node n, Twin twin) {
        return switch (twin.shape()) {
            case GEMM ->
                n.intAttribute("transA", 0) == 0
                        && n.floatAttribute("alpha", 1) == 1
                        && n.floatAttribute("beta", 1) == 1;
            case BINARY, MATMUL -> n.inputs().size() == 2;
            case MOVE -> n.outputs().size() == 1;
            default -> true;
        };
    }

    private static Optional<Code> code(Graph graph, String value) {
        return graph.producer(value)
                .filter(d -> d.is("DequantizeLinear"))
                .map(d -> new Code(d.input(0), d.input(1), d.input(2)));
    }

    private static boolean same(Graph graph, String a, String b) {
        return graph.initializer(a)
                .orElseThrow()
                .bytes()
                .equals(graph.initializer(b).orElseThrow().bytes());
    }

    private static Optional<Node> onlyConsumer(Graph graph, String value) {
        Set<Node> consumers = graph.consumers(value);
        return consumers.size() == 1 ? Optional.of(consumers.iterator().next()) : Optional.empty();
    }

    private static void deleteUnread(GraphEditor edit) {
        Graph graph = edit.graph();
        for (Node n : List.copyOf(graph.nodes())) {
            if (n.is("DequantizeLinear") && graph.consumers(n.output(0)).isEmpty() && !graph.isOutput(n.output(0))) {
                edit.remove(n);
            }
        }
        edit.removeUnreadInitializers();
        List.copyOf(graph.valueInfos().keySet()).forEach(edit::removeValueInfo);
    }
}
