package dev.detent.backends.litert;

import dev.detent.backends.litert.OpOptions.Activation;
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

    static final Map<String, Consumer<Call>> TABLE = Map.ofEntries(
            Map.entry("Add", c -> binary(c, Op.ADD, sum(c))),
            Map.entry("Sub", c -> binary(c, Op.SUB, sum(c))),
            Map.entry("Mul", c -> binary(c, Op.MUL, OpOptions.none().choice(0, c.activation()))),
            Map.entry("Div", c -> binary(c, Op.DIV, OpOptions.none().choice(0, c.activation()))),
            Map.entry("Pow", c -> binary(c, Op.POW, OpOptions.none())),
            Map.entry("Max", c -> binary(c, Op.MAXIMUM, OpOptions.none())),
            Map.entry("Min", c -> binary(c, Op.MINIMUM, OpOptions.none())),
            Map.entry("Relu", c -> unary(c, Op.RELU)),
            Map.entry("HardSwish", c -> unary(c, Op.HARD_SWISH)),
            Map.entry("Exp", c -> unary(c, Op.EXP)),
            Map.entry("Log", c -> unary(c, Op.LOG)),
            Map.entry("Sqrt", c -> unary(c, Op.SQRT)),
            Map.entry("Abs", c -> unary(c, Op.ABS)),
            Map.entry("Neg", c -> unary(c, Op.NEG)),
            Map.entry("Sin", c -> unary(c, Op.SIN)),
            Map.entry("Cos", c -> unary(c, Op.COS)),
            Map.entry("Sigmoid", c -> fixed(c, Op.LOGISTIC, true)),
            Map.entry("Tanh", c -> fixed(c, Op.TANH, false)),
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

    private static OpOptions sum(Call c) {
        return OpOptions.none().choice(0, c.activation()).flagUnlessTrue(1, false);
    }

    /** The order in which most of the data lie already. */
    private static Order order(Call c) {
        int rank = c.outputShape().length;
        return IntStream.range(0, c.node().inputs().size())
                .filter(i -> c.net().constant(c.node().input(i)).isEmpty() && c.shape(i).length == rank)
                .mapToObj(c::orderOf)
                .filter(o -> !o.isNatural())
                .findFirst()
                .orElseGet(() -> Order.natural(rank));
    }

    private static void binary(Call c, Op op, OpOptions options) {
        if (c.node().inputs().size() != 2) {
            throw c.refused("has " + c.node().inputs().size() + " inputs, LiteRT's has two; write it as several");
        }
        Order order = order(c);
        c.gives(op, options, List.of(c.in(0, order), c.in(1, order)), order);
    }

    private static void unary(Call c, Op op) {
        c.gives(op, OpOptions.none(), List.of(c.in(0)), c.orderOf(0));
    }

    /** What LiteRT's kernel gives, whatever the model wants. */
    private static Optional<Encoding> fixedOf(Stored data, boolean probability) {
        return data.encoding()
                .map(e -> new Encoding(
                        e.type(),
                        FixedEncoding.parameters(e.type() == ElementType.INT16 ? Litert.S16 : Litert.S8, probability),
                        0));
    }

    private static void fixed(Call c, Op op, boolean probability) {
        Stored data = c.in(0);
        c.gives(op, OpOptions.none(), List.of(data), data.order(), fixedOf(data, probability));
    }

    private static void softmax(Call c) {
        long[] dims = c.shape(0);
        boolean older = c.net().graph().opset() < 13;
        int axis = c.axis("axis", older ? 1 : -1, dims.length);
        boolean flattens = older && IntStream.range(axis + 1, dims.length).anyMatch(d -> dims[d] != 1);
        if (flattens) {
            throw c.refused("works on several axes at once, as before opset 13; export the model with opset 13");
        }
        Stored data = c.in(0, c.orderOf(0).withLast(axis));
        c.gives(Op.SOFTMAX, OpOptions.none().number(0, 1), List.of(data), data.order(), fixedOf(data, true));
    }

    private static void leaky(Call c) {
        OpOptions options = OpOptions.none().number(0, c.node().floatAttribute("alpha", 0.01f));
        c.gives(Op.LEAKY_RELU, options, List.of(c.in(0)), c.orderOf(0));
    }

    private static void slopes(Call c) {
        Order order = c.orderOf(0);
        c.gives(Op.PRELU, OpOptions.none(), List.of(c.in(0), c.in(1, order)), order);
    }

    private static void elu(Call c) {
        if (c.node().floatAttribute("alpha", 1) != 1) {
            throw c.refused("has an alpha other than 1, which ELU has not");
        }
        unary(c, Op.ELU);
    }

    private static void gelu(Call c) {
        boolean approximate = c.node().stringAttribute("approximate", "none").equals("tanh");
        c.gives(Op.GELU, OpOptions.none().flag(0, approximate), List.of(c.in(0)), c.orderOf(0));
    }

    // Limits

    /** What a node does as an activation fused behind another one. */
    static Activation activation(Network net, Node n) {
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
    private static Optional<Float> bound(Network net, Node n, int input, String attribute) {
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

    private static void clip(Call c) {
        Activation simple = activation(c.net(), c.node());
        switch (simple) {
            case RELU -> unary(c, Op.RELU);
            case RELU6 -> unary(c, Op.RELU6);
            case RELU_N1_TO_1 -> unary(c, Op.RELU_N1_TO_1);
            case NONE -> limited(c);
        }
    }

    private static void limited(Call c) {
        Stored data = c.in(0);
        Optional<Float> low = limit(c, 1, "min");
        Optional<Float> high = limit(c, 2, "max");
        int rank = data.dims().length;
        if (low.isPresent()) {
            Stored bound = c.number(low.get(), data.encoding(), rank);
            data = c.make(
                    Op.MAXIMUM, OpOptions.none(), List.of(data, bound), data.dims(), data.order(), data.encoding());
        }
        if (high.isPresent()) {
            Stored bound = c.number(high.get(), data.encoding(), rank);
            data = c.make(
                    Op.MINIMUM, OpOptions.none(), List.of(data, bound), data.dims(), data.order(), data.encoding());
        }
        if (low.isEmpty() && high.isEmpty()) {
            c.net().alias(c.node().output(0), c.node().input(0));
        } else {
            c.gives(data);
        }
    }

    private static Optional<Float> limit(Call c, int input, String attribute) {
        Optional<Float> bound = bound(c.net(), c.node(), input, attribute);
        if (bound.isEmpty() && c.node().hasInput(input)) {
            throw c.refused("has a limit that is computed");
        }
        return bound;
    }

    private static void hardSigmoid(Call c) {
        Stored x = c.in(0);
        int rank = x.dims().length;
        Stored scaled = step(c, Op.MUL, x, c.number(c.node().floatAttribute("alpha", 0.2f), Optional.empty(), rank));
        Stored moved = step(c, Op.ADD, scaled, c.number(c.node().floatAttribute("beta", 0.5f), Optional.empty(), rank));
        c.gives(Op.RELU_0_TO_1, OpOptions.none(), List.of(moved), x.order());
    }

    // Norms, in float

    private static Stored step(Call c, Op op, Stored a, Stored b) {
        return c.make(op, OpOptions.none(), List.of(a, b), a.dims(), a.order(), Optional.empty());
    }

    private static void layerNorm(Call c) {
        int rank = c.shape(0).length;
        int axis = c.axis("axis", -1, rank);
        Order order = Order.natural(rank);
        Stored x = c.in(0, order);
        Stored axes = c.integers(IntStream.range(axis, rank).toArray());
        OpOptions keeps = OpOptions.none().flag(0, true);
        long[] reduced = x.dims().clone();
        Arrays.fill(reduced, axis, rank, 1);
        Stored mean = c.make(Op.MEAN, keeps, List.of(x, axes), reduced, order, Optional.empty());
        Stored square = step(c, Op.SQUARED_DIFFERENCE, x, mean);
        Stored variance = c.make(Op.MEAN, keeps, List.of(square, axes), reduced, order, Optional.empty());
        float epsilon = c.node().floatAttribute("epsilon", 1e-5f);
        Stored safe = step(c, Op.ADD, variance, c.number(epsilon, Optional.empty(), rank));
        Stored root = c.make(Op.RSQRT, OpOptions.none(), List.of(safe), reduced, order, Optional.empty());
        Stored result = step(c, Op.MUL, step(c, Op.SUB, x, mean), root);
        result = step(c, Op.MUL, result, c.in(1, order));
        c.gives(c.node().hasInput(2) ? step(c, Op.ADD, result, c.in(2, order)) : result);
    }

    /** As a factor and a summand per channel. */
    private static void batchNorm(Call c) {
        float[] scale = c.constant(1, "a scale").floats();
        float[] shift = c.constant(2, "a shift").floats();
        float[] mean = c.constant(3, "a mean").floats();
        float[] variance = c.constant(4, "a variance").floats();
        float epsilon = c.node().floatAttribute("epsilon", 1e-5f);
        for (int i = 0; i < scale.length; i++) {
            scale[i] = (float) (scale[i] / Math.sqrt(variance[i] + epsilon));
            shift[i] -= mean[i] * scale[i];
        }
        Stored x = c.in(0);
        Stored scaled = step(c, Op.MUL, x, channels(c, "scale", scale, x));
        c.gives(step(c, Op.ADD, scaled, channels(c, "shift", shift, x)));
    }

    private static Stored channels(Call c, String name, float[] values, Stored like) {
        long[] dims = new long[like.dims().length];
        Arrays.fill(dims, 1);
        dims[1] = values.length;
        Constant constant = new Constant(c.node().name() + "_" + name, Tensor.ofFloats(dims, values), Optional.empty());
        return c.net().constant(constant, like.order());
    }
}
