package dev.detent.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.detent.runtime.gradient.GradientGraph;
import dev.detent.runtime.gradient.GradientTable;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every operator's gradient against finite differences: f(x + e d) - f(x - e d) = 2 e g d for random directions d. */
class GradientTest {

    /** Float inputs by shape, then constants; the node has them in this order. */
    record Case(String label, String op, int opset, List<long[]> floats, List<Tensor> constants, Kind kind, Node node) {
        @Override
        public String toString() {
            return label;
        }
    }

    /** Where the inputs lie: away from what the function cannot take, and from its kinks as far as chance goes. */
    enum Kind {
        ANY(-2, 2),
        POSITIVE(0.5, 2),
        SMALL(-1, 1);

        private final double from;
        private final double to;

        Kind(double from, double to) {
            this.from = from;
            this.to = to;
        }
    }

    private static final List<Case> CASES = new ArrayList<>();

    private static void add(
            String op, Kind kind, List<long[]> floats, List<Tensor> constants, int outputs, Object... attributes) {
        addAt(18, op, kind, floats, constants, outputs, attributes);
    }

    private static void addAt(
            int opset,
            String op,
            Kind kind,
            List<long[]> floats,
            List<Tensor> constants,
            int outputs,
            Object... attributes) {
        Map<String, Attribute> all = new TreeMap<>();
        for (int i = 0; i < attributes.length; i += 2) {
            Object v = attributes[i + 1];
            all.put(
                    (String) attributes[i],
                    v instanceof Integer n
                            ? new Attribute.IntValue(n)
                            : v instanceof Float f
                                    ? new Attribute.FloatValue(f)
                                    : v instanceof long[] l
                                            ? new Attribute.Ints(
                                                    Arrays.stream(l).boxed().toList())
                                            : new Attribute.StringValue((String) v));
        }
        List<String> inputs = new ArrayList<>();
        for (int i = 0; i < floats.size(); i++) {
            inputs.add(floats.get(i) == null ? "" : "x" + i);
        }
        for (int i = 0; i < constants.size(); i++) {
            inputs.add(constants.get(i) == null ? "" : "c" + i);
        }
        List<String> made = new ArrayList<>();
        for (int i = 0; i < outputs; i++) {
            made.add("y" + i);
        }
        String label = op + " " + opset + floats.stream().map(Arrays::toString).collect(Collectors.joining()) + all;
        CASES.add(new Case(label, op, opset, floats, constants, kind, Node.of("n", op, inputs, made, all)));
    }

    private static long[] of(long... dims) {
        return dims;
    }

    private static Tensor longs(long... values) {
        return Tensor.ofLongs(new long[] {values.length}, values);
    }

    private static Tensor floats(float... values) {
        return Tensor.ofFloats(new long[] {values.length}, values);
    }

    static {
        long[] image = of(2, 4, 6, 7);
        List<Tensor> none = List.of();
        for (String f : List.of(
                "Identity",
                "Neg",
                "Abs",
                "Relu",
                "LeakyRelu",
                "ThresholdedRelu",
                "Elu",
                "Selu",
                "Celu",
                "Sigmoid",
                "Tanh",
                "Exp",
                "Sin",
                "Cos",
                "Erf",
                "Softplus",
                "Softsign",
                "HardSigmoid",
                "HardSwish",
                "Mish",
                "Dropout",
                "GlobalAveragePool",
                "GlobalMaxPool")) {
            add(f, Kind.ANY, List.of(image), none, 1);
        }
        for (String f : List.of("Sqrt", "Reciprocal", "Log")) {
            add(f, Kind.POSITIVE, List.of(image), none, 1);
        }
        add("Clip", Kind.ANY, List.of(image), List.of(Tensor.scalar(-1), Tensor.scalar(1.2f)), 1);
        add("Clip", Kind.ANY, List.of(image), Arrays.asList(null, Tensor.scalar(1.2f)), 1);
        addAt(20, "Gelu", Kind.ANY, List.of(image), none, 1);
        addAt(20, "Gelu", Kind.ANY, List.of(image), none, 1, "approximate", "tanh");
        add("PRelu", Kind.ANY, List.of(image, of(4, 1, 1)), none, 1);
        for (String f : List.of("Add", "Sub", "Mul", "Max", "Min")) {
            add(f, Kind.ANY, List.of(image, image), none, 1);
            add(f, Kind.ANY, List.of(image, of(4, 1, 1)), none, 1);
            add(f, Kind.ANY, List.of(of(7), image), none, 1);
        }
        add("Div", Kind.POSITIVE, List.of(image, of(4, 1, 7)), none, 1);
        add("Sum", Kind.ANY, List.of(image, of(1), image), none, 1);
        add("Mean", Kind.ANY, List.of(image, of(1), image), none, 1);
        add("Pow", Kind.POSITIVE, List.of(image), List.of(Tensor.scalar(2.5f)), 1);
        add("Expand", Kind.ANY, List.of(of(4, 1, 1)), List.of(longs(2, 4, 3, 2)), 1);
        for (long group : of(1, 2, 4)) {
            long[] weight = of(4 * (group == 4 ? 2 : 1), 4 / group, 3, 3);
            int g = (int) group;
            add("Conv", Kind.SMALL, List.of(image, weight, of(weight[0])), none, 1, "group", g);
            add("Conv", Kind.SMALL, List.of(image, weight), none, 1, "group", g, "pads", of(1, 0, 2, 1));
            add(
                    "Conv",
                    Kind.SMALL,
                    List.of(image, weight),
                    none,
                    1,
                    "group",
                    g,
                    "strides",
                    of(2, 2),
                    "pads",
                    of(1, 1, 1, 1));
            add(
                    "Conv",
                    Kind.SMALL,
                    List.of(image, weight),
                    none,
                    1,
                    "group",
                    g,
                    "dilations",
                    of(2, 1),
                    "pads",
                    of(2, 1, 2, 1));
            add("Conv", Kind.SMALL, List.of(image, weight), none, 1, "group", g, "strides", of(3, 2));
            add(
                    "Conv",
                    Kind.SMALL,
                    List.of(image, weight),
                    none,
                    1,
                    "group",
                    g,
                    "auto_pad",
                    "SAME_UPPER",
                    "strides",
                    of(2, 2));
            add(
                    "Conv",
                    Kind.SMALL,
                    List.of(image, weight),
                    none,
                    1,
                    "group",
                    g,
                    "auto_pad",
                    "SAME_LOWER",
                    "strides",
                    of(2, 1));
            long[] transposed = of(4, 6 / Math.min(group, 2), 3, 3);
            add("ConvTranspose", Kind.SMALL, List.of(image, transposed), none, 1, "group", g);
            add(
                    "ConvTranspose",
                    Kind.SMALL,
                    List.of(image, transposed, of(transposed[1] * group)),
                    none,
                    1,
                    "group",
                    g,
                    "strides",
                    of(2, 3),
                    "pads",
                    of(1, 0, 1, 1),
                    "output_padding",
                    of(1, 1));
            add("ConvTranspose", Kind.SMALL, List.of(image, transposed), none, 1, "group", g, "dilations", of(2, 1));
        }
        add("Conv", Kind.SMALL, List.of(of(1, 4, 6, 7), of(5, 4, 1, 1), of(5)), none, 1);
        add("Conv", Kind.SMALL, List.of(of(1, 4, 6, 7), of(4, 1, 3, 3)), none, 1, "group", 4, "pads", of(1, 1, 1, 1));
        add("Conv", Kind.SMALL, List.of(of(1, 3, 9), of(6, 3, 3)), none, 1, "strides", of(2), "pads", of(1, 1));
        add("Conv", Kind.SMALL, List.of(of(2, 2, 4, 5, 4), of(3, 2, 2, 2, 2)), none, 1);
        add("Conv", Kind.SMALL, List.of(of(1, 200, 3, 3), of(300, 200, 3, 3)), none, 1, "pads", of(1, 1, 1, 1));
        add(
                "ConvTranspose",
                Kind.SMALL,
                List.of(of(1, 2, 5), of(2, 3, 4)),
                none,
                1,
                "strides",
                of(2),
                "pads",
                of(1, 1));
        add("MatMul", Kind.SMALL, List.of(of(3, 5), of(5, 4)), none, 1);
        add("MatMul", Kind.SMALL, List.of(of(2, 3, 5), of(5, 4)), none, 1);
        add("MatMul", Kind.SMALL, List.of(of(2, 6, 3, 5), of(6, 5, 4)), none, 1);
        add("MatMul", Kind.SMALL, List.of(of(5), of(2, 5, 4)), none, 1);
        add("MatMul", Kind.SMALL, List.of(of(2, 3, 5), of(5)), none, 1);
        for (int t = 0; t < 4; t++) {
            add(
                    "Gemm",
                    Kind.SMALL,
                    List.of(t % 2 == 0 ? of(3, 5) : of(5, 3), t / 2 == 0 ? of(5, 4) : of(4, 5), of(4)),
                    none,
                    1,
                    "transA",
                    t % 2,
                    "transB",
                    t / 2,
                    "alpha",
                    0.5f,
                    "beta",
                    2f);
        }
        add("AveragePool", Kind.ANY, List.of(image), none, 1, "kernel_shape", of(3, 2), "strides", of(2, 2));
        add("AveragePool", Kind.ANY, List.of(image), none, 1, "kernel_shape", of(3, 3), "pads", of(1, 1, 1, 1));
        add(
                "AveragePool",
                Kind.ANY,
                List.of(image),
                none,
                1,
                "kernel_shape",
                of(3, 3),
                "pads",
                of(1, 1, 1, 1),
                "count_include_pad",
                1,
                "strides",
                of(2, 2));
        add(
                "AveragePool",
                Kind.ANY,
                List.of(image),
                none,
                1,
                "kernel_shape",
                of(3, 3),
                "strides",
                of(2, 2),
                "ceil_mode",
                1);
        add("AveragePool", Kind.ANY, List.of(image), none, 1, "kernel_shape", of(2, 2), "auto_pad", "SAME_UPPER");
        add(
                "MaxPool",
                Kind.ANY,
                List.of(image),
                none,
                1,
                "kernel_shape",
                of(3, 3),
                "strides",
                of(2, 2),
                "pads",
                of(1, 1, 1, 1));
        add(
                "MaxPool",
                Kind.ANY,
                List.of(image),
                none,
                1,
                "kernel_shape",
                of(3, 3),
                "strides",
                of(2, 2),
                "ceil_mode",
                1);
        for (String f : List.of("ReduceMean", "ReduceMax", "ReduceMin")) {
            addAt(13, f, Kind.ANY, List.of(image), none, 1, "axes", of(1, -1), "keepdims", 0);
            add(f, Kind.ANY, List.of(image), List.of(longs(2, 3)), 1);
            add(f, Kind.ANY, List.of(image), none, 1);
        }
        add("ReduceSum", Kind.ANY, List.of(image), List.of(longs(-1)), 1, "keepdims", 0);
        add("Softmax", Kind.ANY, List.of(image), none, 1, "axis", 1);
        add("LogSoftmax", Kind.ANY, List.of(image), none, 1);
        add("LayerNormalization", Kind.ANY, List.of(image, of(7), of(7)), none, 1);
        add("LayerNormalization", Kind.ANY, List.of(image, of(6, 7)), none, 1, "axis", -2);
        add("InstanceNormalization", Kind.ANY, List.of(image, of(4), of(4)), none, 1);
        add(
                "BatchNormalization",
                Kind.POSITIVE,
                List.of(image, of(4), of(4)),
                List.of(floats(1, 2, 0, 1), floats(1, 2, 3, 0.5f)),
                1);
        add("Reshape", Kind.ANY, List.of(image), List.of(longs(4, 0, -1)), 1);
        add("Flatten", Kind.ANY, List.of(image), none, 1);
        add("Squeeze", Kind.ANY, List.of(of(1, 3, 1, 2)), List.of(longs(0)), 1);
        add("Unsqueeze", Kind.ANY, List.of(of(3, 2)), List.of(longs(1)), 1);
        add("Transpose", Kind.ANY, List.of(image), none, 1, "perm", of(2, 0, 3, 1));
        add("Transpose", Kind.ANY, List.of(image), none, 1);
        add("Concat", Kind.ANY, List.of(image, of(2, 3, 6, 7)), none, 1, "axis", 1);
        add("Split", Kind.ANY, List.of(image), List.of(longs(1, 3)), 2, "axis", 1);
        add("Pad", Kind.ANY, List.of(image), List.of(longs(0, 1, 2, 0, 0, 0, 1, 3)), 1);
        add("Pad", Kind.ANY, List.of(image), List.of(longs(0, 0, 2, 1, 0, 0, 1, 3)), 1, "mode", "reflect");
        add("Pad", Kind.ANY, List.of(image), List.of(longs(0, -1, 2, 0, 0, 1, -1, -3)), 1);
        add("Pad", Kind.ANY, List.of(image), Arrays.asList(longs(2, -1, 1, 0), null, longs(3, -2)), 1);
        add("Slice", Kind.ANY, List.of(image), List.of(longs(5, 1), longs(0, 4), longs(2, 3), longs(-2, 1)), 1);
        add("Gather", Kind.ANY, List.of(image), List.of(longs(2, 0, 2)), 1, "axis", 1);
        add("GatherElements", Kind.ANY, List.of(of(3, 2)), List.of(Tensor.ofLongs(of(2, 2), 0, 2, 1, 1)), 1);
        add("GatherND", Kind.ANY, List.of(of(3, 2)), List.of(Tensor.ofLongs(of(2, 1), 2, 2)), 1);
        add("Tile", Kind.ANY, List.of(of(3, 2)), List.of(longs(2, 3)), 1);
        add("DepthToSpace", Kind.ANY, List.of(of(1, 8, 2, 3)), none, 1, "blocksize", 2, "mode", "CRD");
        add("SpaceToDepth", Kind.ANY, List.of(of(1, 2, 4, 6)), none, 1, "blocksize", 2);
        for (String mode : List.of("nearest", "linear", "cubic")) {
            for (String place : List.of("half_pixel", "asymmetric", "align_corners")) {
                add(
                        "Resize",
                        Kind.ANY,
                        List.of(of(1, 2, 4, 5)),
                        Arrays.asList(null, floats(1, 1, 2, 2)),
                        1,
                        "mode",
                        mode,
                        "coordinate_transformation_mode",
                        place);
                add(
                        "Resize",
                        Kind.ANY,
                        List.of(of(1, 2, 4, 5)),
                        Arrays.asList(null, null, longs(1, 2, 7, 3)),
                        1,
                        "mode",
                        mode,
                        "coordinate_transformation_mode",
                        place);
            }
        }
    }

    static Stream<Case> cases() {
        return CASES.stream();
    }

    @Test
    void everyOperatorHasACase() {
        Set<String> covered = CASES.stream().map(Case::op).collect(Collectors.toSet());
        covered.add("Where");
        assertThat(covered).containsExactlyInAnyOrderElementsOf(GradientTable.operators());
    }

    private static Graph forward(Case c) {
        Graph g = new Graph();
        GraphEditor edit = g.edit().opset("", c.opset());
        for (int i = 0; i < c.floats().size(); i++) {
            edit.input(ValueInfo.of("x" + i, ElementType.FLOAT, c.floats().get(i)));
        }
        for (int i = 0; i < c.constants().size(); i++) {
            Tensor t = c.constants().get(i);
            if (t != null) {
                edit.initializer("c" + i, t);
            }
        }
        edit.add(c.node());
        c.node().outputs().forEach(o -> edit.output(ValueInfo.of(o, ElementType.FLOAT)));
        return undeclared(g);
    }

    private static Graph undeclared(Graph g) {
        List.copyOf(g.outputs()).forEach(o -> g.edit().removeOutput(o.name()).output(TestValues.unknown(o.name())));
        return g;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void asFiniteDifferences(Case c) {
        compare(forward(c), c.kind(), c.floats());
    }

    @Test
    void where() {
        Graph g = new Graph();
        long[] shape = {2, 3};
        g.edit()
                .opset("", 18)
                .input(ValueInfo.of("x0", ElementType.FLOAT, shape))
                .input(ValueInfo.of("x1", ElementType.FLOAT, 3))
                .initializer("half", Tensor.scalar(0.5f))
                .initializer("c", Tensor.ofFloats(shape, 0, 1, 0, 1, 1, 0))
                .add(Node.of("g", "Greater", List.of("c", "half"), List.of("b"), Map.of()))
                .add(Node.of("n", "Where", List.of("b", "x0", "x1"), List.of("y0"), Map.of()))
                .output(TestValues.unknown("y0"));
        g.edit().valueInfo(ValueInfo.of("b", ElementType.BOOL, shape));
        compare(g, Kind.ANY, List.of(shape, new long[] {3}));
    }

    /** Branches that join, a value read twice, and an output that is read again inside. */
    @Test
    void aBlock() {
        Graph g = new Graph();
        long[] shape = {2, 4, 5, 5};
        g.edit()
                .opset("", 13)
                .input(ValueInfo.of("x0", ElementType.FLOAT, shape))
                .input(ValueInfo.of("x1", ElementType.FLOAT, 4, 4, 3, 3))
                .input(ValueInfo.of("x2", ElementType.FLOAT, 4))
                .add(Node.of(
                        "conv",
                        "Conv",
                        List.of("x0", "x1", "x2"),
                        List.of("a"),
                        Map.of("pads", new Attribute.Ints(List.of(1L, 1L, 1L, 1L)))))
                .add(Node.of("gate", "Sigmoid", List.of("a"), List.of("s"), Map.of()))
                .add(Node.of("silu", "Mul", List.of("a", "s"), List.of("y0"), Map.of()))
                .add(Node.of("square", "Mul", List.of("y0", "y0"), List.of("q"), Map.of()))
                .add(Node.of("join", "Add", List.of("q", "x0"), List.of("y1"), Map.of()))
                .output(TestValues.unknown("y0"))
                .output(TestValues.unknown("y1"));
        compare(g, Kind.SMALL, List.of(shape, new long[] {4, 4, 3, 3}, new long[] {4}));
    }

    private static void compare(Graph g, Kind kind, List<long[]> inputShapes) {
        Random random = new Random(5);
        Map<String, float[]> inputs = new LinkedHashMap<>();
        Map<String, long[]> shapes = new LinkedHashMap<>();
        for (int i = 0; i < inputShapes.size(); i++) {
            float[] x = new float[(int) Tensor.count(inputShapes.get(i))];
            // Evenly spread, those of the second input between those of the first: no two change places within a step.
            List<Integer> order =
                    new ArrayList<>(IntStream.range(0, x.length).boxed().toList());
            Collections.shuffle(order, random);
            for (int k = 0; k < x.length; k++) {
                x[k] = (float)
                        (kind.from + (order.get(k) + (i % 2 == 0 ? 0.34375 : 0)) * (kind.to - kind.from) / x.length);
            }
            inputs.put("x" + i, x);
            shapes.put("x" + i, inputShapes.get(i));
        }
        g.initializers().forEach((name, t) -> shapes.put(name, t.dims()));
        Graph watched = g.copy();
        List.copyOf(watched.outputs()).forEach(o -> watched.edit().removeOutput(o.name()));
        g.nodes().forEach(n -> n.outputs().forEach(o -> watched.edit().output(TestValues.unknown(o))));
        Map<String, OnnxTensor> values = run(watched, inputs, shapes);
        values.forEach((name, t) -> shapes.put(name, t.getInfo().getShape()));
        List<String> outputs = g.outputs().stream().map(ValueInfo::name).toList();
        Map<String, float[]> weights = new LinkedHashMap<>();
        for (String o : outputs) {
            float[] r = new float[(int) Tensor.count(Objects.requireNonNull(shapes.get(o)))];
            for (int k = 0; k < r.length; k++) {
                r[k] = (float) random.nextGaussian();
            }
            weights.put(o, r);
        }
        GradientGraph backward = GradientGraph.of(g, shapes, outputs, new LinkedHashSet<>(inputs.keySet()));
        assertThat(backward.gradients()).containsOnlyKeys(inputs.keySet());
        Map<String, float[]> fed = new LinkedHashMap<>();
        Map<String, OnnxTensor> kept = new LinkedHashMap<>();
        weights.forEach((o, r) -> {
            fed.put(GradientGraph.upstream(o), r);
            shapes.put(GradientGraph.upstream(o), Objects.requireNonNull(shapes.get(o)));
        });
        for (String r : backward.reads()) {
            if (inputs.containsKey(r)) {
                fed.put(r, Objects.requireNonNull(inputs.get(r)));
            } else {
                kept.put(r, Objects.requireNonNull(values.get(r)));
            }
        }
        Map<String, OnnxTensor> gradients = run(backward.graph(), fed, shapes, kept);
        for (String x : inputs.keySet()) {
            float[] gradient = floats(gradients.get(backward.gradients().get(x)));
            for (int trial = 0; trial < 4; trial++) {
                // One element, then random directions.
                float[] direction = new float[gradient.length];
                for (int k = 0; k < direction.length; k++) {
                    direction[k] = trial == 0 ? (k == direction.length / 2 ? 1 : 0) : random.nextInt(3) - 1;
                }
                float step = 1f / 256;
                double up = value(g, inputs, shapes, x, direction, step, weights);
                double down = value(g, inputs, shapes, x, direction, -step, weights);
                double numeric = (up - down) / (2 * step);
                double expected = 0;
                double scale = 0;
                for (int k = 0; k < gradient.length; k++) {
                    expected += gradient[k] * direction[k];
                    scale += gradient[k] * gradient[k];
                }
                assertThat(numeric)
                        .as("to %s, trial %d", x, trial)
                        .isCloseTo(expected, org.assertj.core.data.Offset.offset(0.02 * Math.sqrt(scale) + 0.02));
            }
        }
    }

    private static double value(
            Graph g,
            Map<String, float[]> inputs,
            Map<String, long[]> shapes,
            String moved,
            float[] direction,
            float step,
            Map<String, float[]> weights) {
        Map<String, float[]> there = new LinkedHashMap<>(inputs);
        float[] x = Objects.requireNonNull(inputs.get(moved)).clone();
        for (int k = 0; k < x.length; k++) {
            x[k] += step * direction[k];
        }
        there.put(moved, x);
        Map<String, OnnxTensor> result = run(g, there, shapes);
        double sum = 0;
        for (Map.Entry<String, float[]> e : weights.entrySet()) {
            float[] y = floats(result.get(e.getKey()));
            for (int k = 0; k < y.length; k++) {
                sum += (double) y[k] * e.getValue()[k];
            }
        }
        return sum;
    }

    private static float[] floats(OnnxTensor t) {
        return TensorFloats.of(t);
    }

    private static Map<String, OnnxTensor> run(Graph g, Map<String, float[]> inputs, Map<String, long[]> shapes) {
        return run(g, inputs, shapes, Map.of());
    }

    private static Map<String, OnnxTensor> run(
            Graph g, Map<String, float[]> inputs, Map<String, long[]> shapes, Map<String, OnnxTensor> more) {
        Map<String, OnnxTensor> all = new LinkedHashMap<>(more);
        try (OrtSession session = OrtRuntime.session(g, OrtOptimizationLevel.ALL, "test")) {
            for (Map.Entry<String, float[]> e : inputs.entrySet()) {
                all.put(
                        e.getKey(),
                        OnnxTensor.createTensor(
                                OrtRuntime.environment(),
                                FloatBuffer.wrap(e.getValue()),
                                Objects.requireNonNull(shapes.get(e.getKey()))));
            }
            all.keySet().retainAll(session.getInputNames());
            Map<String, OnnxTensor> result = new LinkedHashMap<>();
            session.run(all).forEach(e -> result.put(e.getKey(), (OnnxTensor) e.getValue()));
            return result;
        } catch (OrtException e) {
            throw new AssertionError(e);
        }
    }
}
