package dev.detent.backends.litert;

import dev.detent.backends.litert.BuiltinOptions.Activation;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** What works element by element, and the norms that are written out as such. */
final class Pointwise {

    static final Map<String, Consumer<NodeConversion>> TABLE = Map.ofEntries(
            Map.entry("Add", c -> binary(c, BuiltinOperator.ADD, sum(c))),
            Map.entry("Sub", c -> binary(c, BuiltinOperator.SUB, sum(c))),
            Map.entry(
                    "Mul",
                    c -> binary(c, BuiltinOperator.MUL, BuiltinOptions.none().choice(0, c.activation()))),
            Map.entry(
                    "Div",
                    c -> binary(c, BuiltinOperator.DIV, BuiltinOptions.none().choice(0, c.activation()))),
            Map.entry("Pow", c -> binary(c, BuiltinOperator.POW, BuiltinOptions.none())),
            Map.entry("Max", c -> binary(c, BuiltinOperator.MAXIMUM, BuiltinOptions.none())),
            Map.entry("Min", c -> binary(c, BuiltinOperator.MINIMUM, BuiltinOptions.none())),
            Map.entry("Relu", c -> unary(c, BuiltinOperator.RELU)),
            Map.entry("HardSwish", c -> unary(c, BuiltinOperator.HARD_SWISH)),
            Map.entry("Exp", c -> unary(c, BuiltinOperator.EXP)),
            Map.entry("Log", c -> unary(c, BuiltinOperator.LOG)),
            Map.entry("Sqrt", c -> unary(c, BuiltinOperator.SQRT)),
            Map.entry("Abs", c -> unary(c, BuiltinOperator.ABS)),
            Map.entry("Neg", c -> unary(c, BuiltinOperator.NEG)),
            Map.entry("Sin", c -> unary(c, BuiltinOperator.SIN)),
            Map.entry("Cos", c -> unary(c, BuiltinOperator.COS)),
            Map.entry("Sigmoid", c -> fixed(c, BuiltinOperator.LOGISTIC, true)),
            Map.entry("Tanh", c -> fixed(c, BuiltinOperator.TANH, false)),
            Map.entry("Softmax", Pointwise::softmax),
            Map.entry("LeakyRelu", Pointwise::leaky),
            Map.entry("PRelu", Pointwise::slopes),
            Map.entry("Elu", Pointwise::elu),
            Map.entry("Gelu", Pointwise::gelu),
            Map.entry("Clip", Pointwise::clip),
            Map.entry("HardSigmoid", Pointwise::hardSigmoid),
            Map.entry("LayerNormalization", Pointwise::layerNorm),
            Map.entry("BatchNormalization", Pointwise::batchNorm));

    private Pointwise() {}

    private static BuiltinOptions sum(NodeConversion c) {
        return BuiltinOptions.none().choice(0, c.activation()).flagUnlessTrue(1, false);
    }

    /** The order in which most of the data lie already. */
    private static AxisOrder order(NodeConversion c) {
        int rank = c.outputShape().length;
        return IntStream.range(0, c.node().inputs().size())
                .filter(i -> c.net().constant(c.node().input(i)).isEmpty() && c.shape(i).length == rank)
                .mapToObj(c::orderOf)
                .filter(o -> !o.isNatural())
                .findFirst()
                .orElseGet(() -> AxisOrder.natural(rank));
    }

    private static void binary(NodeConversion c, BuiltinOperator op, BuiltinOptions options) {
        if (c.node().inputs().size() != 2) {
            throw c.refused("has " + c.node().inputs().size() + " inputs, LiteRT's has two; write it as several");
        }
        AxisOrder order = order(c);
        c.gives(op, options, List.of(c.in(0, order), c.in(1, order)), order);
    }

    private static void unary(NodeConversion c, BuiltinOperator op) {
        c.gives(op, BuiltinOptions.none(), List.of(c.in(0)), c.orderOf(0));
    }

    /** What LiteRT's kernel gives, whatever the model wants. */
    private static Optional<Encoding> fixedOf(StoredValue data, boolean probability) {
        return data.encoding()
                .map(e -> new Encoding(
                        e.type(),
                        FixedEncoding.parameters(e.type() == ElementType.INT16 ? Litert.S16 : Litert.S8, probability),
                        0));
    }

    private static void fixed(NodeConversion c, BuiltinOperator op, boolean probability) {
        StoredValue data = c.in(0);
        c.gives(op, BuiltinOptions.none(), List.of(data), data.order(), fixedOf(data, probability));
    }

    private static void softmax(NodeConversion c) {
        long[] dims = c.shape(0);
        boolean older = c.net().graph().opset() < 13;
        int axis = c.axis("axis", older ? 1 : -1, dims.length);
        boolean flattens = older && IntStream.range(axis + 1, dims.length).anyMatch(d -> dims[d] != 1);
        if (flattens) {
            throw c.refused("works on several axes at once, as before opset 13; export the model with opset 13");
        }
        StoredValue data = c.in(0, c.orderOf(0).withLast(axis));
        c.gives(
                BuiltinOperator.SOFTMAX,
                BuiltinOptions.none().number(0, 1),
                List.of(data),
                data.order(),
                fixedOf(data, true));
    }

    private static void leaky(NodeConversion c) {
        BuiltinOptions options = BuiltinOptions.none().number(0, c.node().floatAttribute("alpha", 0.01f));
        c.gives(BuiltinOperator.LEAKY_RELU, options, List.of(c.in(0)), c.orderOf(0));
    }

    private static void slopes(NodeConversion c) {
        AxisOrder order = c.orderOf(0);
        c.gives(BuiltinOperator.PRELU, BuiltinOptions.none(), List.of(c.in(0), c.in(1, order)), order);
    }

    private static void elu(NodeConversion c) {
        if (c.node().floatAttribute("alpha", 1) != 1) {
            throw c.refused("has an alpha other than 1, which ELU has not");
        }
        unary(c, BuiltinOperator.ELU);
    }

    private static void gelu(NodeConversion c) {
        boolean approximate = c.node().stringAttribute("approximate", "none").equals("tanh");
        c.gives(BuiltinOperator.GELU, BuiltinOptions.none().flag(0, approximate), List.of(c.in(0)), c.orderOf(0));
    }

    // Limits

    /** What a node does as an activation fused behind another one. */
    static Activation activation(GraphConversion net, Node n) {
        if (n.is("Relu")) {
            return Activation.RELU;
        }
        if (!n.is("Clip")) {
            return Activation.NONE;
        }
        Optional<Float> low = bound(net, n, 1, "min");
        Optional<Float> high = bound(net, n, 2, "max");
        if (low.filter(v -> v == 0).isPresent()) {
            return high.isEmpty() ? Activation.RELU : high.get() == 6 ? Activation.RELU6 : Activation.NONE;
        }
        return low.filter(v -> v == -1).isPresent() && high.filter(v -> v == 1).isPresent()
                ? Activation.RELU_N1_TO_1
                : Activation.NONE;
    }

    /** A constant limit; on the grid of a quantized one, 6 may be a little less: the nearest code decides. */
    private static Optional<Float> bound(GraphConversion net, Node n, int input, String attribute) {
        if (!n.hasInput(input)) {
            return n.attribute(attribute)
                    .filter(Attribute.FloatValue.class::isInstance)
                    .map(a -> ((Attribute.FloatValue) a).value())
                    .filter(v -> Math.abs(v) < Float.MAX_VALUE);
        }
        return net.constantBehind(n.input(input)).map(constant -> {
            float value = constant.floats()[0];
            float near = Math.rint(value) == 0 ? 0 : (float) Math.rint(value);
            return constant.encoding()
                    .filter(e -> e.code(near) == e.code(value))
                    .map(e -> near)
                    .orElse(value);
        });
    }

    private static void clip(NodeConversion c) {
        Activation simple = activation(c.net(), c.node());
        switch (simple) {
            case RELU -> unary(c, BuiltinOperator.RELU);
            case RELU6 -> unary(c, BuiltinOperator.RELU6);
            case RELU_N1_TO_1 -> unary(c, BuiltinOperator.RELU_N1_TO_1);
            case NONE -> limited(c);
        }
    }

    private static void limited(NodeConversion c) {
        StoredValue data = c.in(0);
        Optional<Float> low = limit(c, 1, "min");
        Optional<Float> high = limit(c, 2, "max");
        int rank = data.dims().length;
        if (low.isPresent()) {
            StoredValue bound = c.number(low.get(), data.encoding(), rank);
            data = c.make(
                    BuiltinOperator.MAXIMUM,
                    BuiltinOptions.none(),
                    List.of(data, bound),
                    data.dims(),
                    data.order(),
                    data.encoding());
        }
        if (high.isPresent()) {
            StoredValue bound = c.number(high.get(), data.encoding(), rank);
            data = c.make(
                    BuiltinOperator.MINIMUM,
                    BuiltinOptions.none(),
                    List.of(data, bound),
                    data.dims(),
                    data.order(),
                    data.encoding());
        }
        if (low.isEmpty() && high.isEmpty()) {
            c.net().alias(c.node().output(0), c.node().input(0));
        } else {
            c.gives(data);
        }
    }

    private static Optional<Float> limit(NodeConversion c, int input, String attribute) {
        Optional<Float> bound = bound(c.net(), c.node(), input, attribute);
        if (bound.isEmpty() && c.node().hasInput(input)) {
            throw c.refused("has a limit that is computed");
        }
        return bound;
    }

    private static void hardSigmoid(NodeConversion c) {
        StoredValue x = c.in(0);
        int rank = x.dims().length;
        StoredValue scaled = step(
                c, BuiltinOperator.MUL, x, c.number(c.node().floatAttribute("alpha", 0.2f), Optional.empty(), rank));
        StoredValue moved = step(
                c,
                BuiltinOperator.ADD,
                scaled,
                c.number(c.node().floatAttribute("beta", 0.5f), Optional.empty(), rank));
        c.gives(BuiltinOperator.RELU_0_TO_1, BuiltinOptions.none(), List.of(moved), x.order());
    }

    // Norms, in float

    private static StoredValue step(NodeConversion c, BuiltinOperator op, StoredValue a, StoredValue b) {
        return c.make(op, BuiltinOptions.none(), List.of(a, b), a.dims(), a.order(), Optional.empty());
    }

    private static void layerNorm(NodeConversion c) {
        int rank = c.shape(0).length;
        int axis = c.axis("axis", -1, rank);
        AxisOrder order = AxisOrder.natural(rank);
        StoredValue x = c.in(0, order);
        StoredValue axes = c.integers(IntStream.range(axis, rank).toArray());
        BuiltinOptions keeps = BuiltinOptions.none().flag(0, true);
        long[] reduced = x.dims().clone();
        Arrays.fill(reduced, axis, rank, 1);
        StoredValue mean = c.make(BuiltinOperator.MEAN, keeps, List.of(x, axes), reduced, order, Optional.empty());
        StoredValue square = step(c, BuiltinOperator.SQUARED_DIFFERENCE, x, mean);
        StoredValue variance =
                c.make(BuiltinOperator.MEAN, keeps, List.of(square, axes), reduced, order, Optional.empty());
        float epsilon = c.node().floatAttribute("epsilon", 1e-5f);
        StoredValue safe = step(c, BuiltinOperator.ADD, variance, c.number(epsilon, Optional.empty(), rank));
        StoredValue root =
                c.make(BuiltinOperator.RSQRT, BuiltinOptions.none(), List.of(safe), reduced, order, Optional.empty());
        StoredValue result = step(c, BuiltinOperator.MUL, step(c, BuiltinOperator.SUB, x, mean), root);
        result = step(c, BuiltinOperator.MUL, result, c.in(1, order));
        c.gives(c.node().hasInput(2) ? step(c, BuiltinOperator.ADD, result, c.in(2, order)) : result);
    }

    /** As a factor and a summand per channel. */
    private static void batchNorm(NodeConversion c) {
        float[] scale = c.constant(1, "a scale").floats();
        float[] shift = c.constant(2, "a shift").floats();
        float[] mean = c.constant(3, "a mean").floats();
        float[] variance = c.constant(4, "a variance").floats();
        float epsilon = c.node().floatAttribute("epsilon", 1e-5f);
        for (int i = 0; i < scale.length; i++) {
            scale[i] = (float) (scale[i] / Math.sqrt(variance[i] + epsilon));
            shift[i] -= mean[i] * scale[i];
        }
        StoredValue x = c.in(0);
        StoredValue scaled = step(c, BuiltinOperator.MUL, x, channels(c, "scale", scale, x));
        c.gives(step(c, BuiltinOperator.ADD, scaled, channels(c, "shift", shift, x)));
    }

    private static StoredValue channels(NodeConversion c, String name, float[] values, StoredValue like) {
        long[] dims = new long[like.dims().length];
        Arrays.fill(dims, 1);
        dims[1] = values.length;
        Constant constant = new Constant(c.node().name() + "_" + name, Tensor.ofFloats(dims, values), Optional.empty());
        return c.net().constant(constant, like.order());
    }
}
