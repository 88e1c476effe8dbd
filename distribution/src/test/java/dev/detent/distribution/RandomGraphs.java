package dev.detent.distribution;

import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.graph.ValueInfo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;

/**
 * Networks that nobody drew: operators in any order, several outputs, residual and parallel branches, parameters as
 * exporters leave them. The same seed gives the same graph.
 */
final class RandomGraphs {

    private static final int STEPS = 14;
    private static final int LARGEST = 2048;

    /** A value and its shape; the first axis is the batch, 1. */
    private record Value(String name, long... shape) {
        long last() {
            return shape[shape.length - 1];
        }

        long channels() {
            return shape[1];
        }

        boolean is(int rank) {
            return shape.length == rank;
        }
    }

    /** Adds something behind a value it fits, and leaves others alone. */
    @FunctionalInterface
    private interface Step {
        void add(RandomGraphs g, Value in);
    }

    private static final List<Step> STEPS_OF_ALL_KINDS = List.of(
            (g, v) -> g.convolution(v, 3, 1),
            (g, v) -> g.convolution(v, 1, 1),
            (g, v) -> g.convolution(v, 3, v.is(4) ? (int) v.channels() : 1),
            (g, v) -> g.convolution(v, 3, 1),
            RandomGraphs::transposed,
            RandomGraphs::normalization,
            RandomGraphs::activation,
            RandomGraphs::activation,
            RandomGraphs::swish,
            RandomGraphs::squeeze,
            RandomGraphs::pool,
            RandomGraphs::globalPool,
            RandomGraphs::binary,
            RandomGraphs::binary,
            RandomGraphs::constant,
            RandomGraphs::concat,
            RandomGraphs::split,
            RandomGraphs::pad,
            RandomGraphs::resize,
            RandomGraphs::transpose,
            RandomGraphs::flatten,
            RandomGraphs::sequence,
            RandomGraphs::product,
            RandomGraphs::product,
            RandomGraphs::attention,
            RandomGraphs::gemm,
            RandomGraphs::gemm,
            RandomGraphs::softmax,
            RandomGraphs::layerNorm,
            RandomGraphs::dropout);

    private final Random random;
    private final GraphEditor edit = new Graph().edit();
    private final List<Value> values = new ArrayList<>();
    private final Set<String> read = new HashSet<>();
    private int names;

    private RandomGraphs(long seed) {
        random = new Random(seed);
    }

    static Graph of(long seed) {
        return new RandomGraphs(seed).build();
    }

    private Graph build() {
        edit.opset("", pick(List.of(13, 13, 17, 21)));
        int size = pick(List.of(6, 8, 12));
        values.add(new Value("x", 1, pick(List.of(1, 3, 4)), size, size));
        edit.input(ValueInfo.of("x", ElementType.FLOAT, values.get(0).shape()));
        while (values.size() < STEPS) {
            Value in = random.nextInt(3) > 0 ? values.get(values.size() - 1) : pick(values);
            pick(STEPS_OF_ALL_KINDS).add(this, in);
        }
        values.stream()
                .filter(v -> !read.contains(v.name()))
                .forEach(v ->
                        edit.output(new ValueInfo(v.name(), ElementType.FLOAT, Optional.empty(), UnmodeledProto.NONE)));
        return edit.graph();
    }

    private <T> T pick(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }

    private boolean maybe() {
        return random.nextBoolean();
    }

    private String name(String stem) {
        return stem + names++;
    }

    /** A parameter: an initializer, one behind an Identity or the output of a Constant. */
    private String parameter(Tensor t) {
        String name = name("p");
        switch (random.nextInt(4)) {
            case 0 ->
                edit.add(Node.of(
                        name("Constant"),
                        "Constant",
                        List.of(),
                        List.of(name),
                        Map.of("value", new Attribute.TensorValue(t))));
            case 1 -> {
                edit.initializer(name + "_kept", t);
                edit.add(Node.of(name("Identity"), "Identity", List.of(name + "_kept"), List.of(name), Map.of()));
            }
            default -> edit.initializer(name, t);
        }
        return name;
    }

    private String floats(double spread, long... dims) {
        float[] f = new float[(int) Tensor.count(dims)];
        for (int i = 0; i < f.length; i++) {
            f[i] = (float) (random.nextGaussian() * spread);
        }
        return parameter(Tensor.ofFloats(dims, f));
    }

    private String positive(long size) {
        float[] f = new float[(int) size];
        for (int i = 0; i < f.length; i++) {
            f[i] = .5f + random.nextFloat();
        }
        return parameter(Tensor.ofFloats(new long[] {size}, f));
    }

    private String weight(long fanIn, long... dims) {
        return floats(1 / Math.sqrt(fanIn), dims);
    }

    private String longs(long... values) {
        return parameter(Tensor.ofLongs(new long[] {values.length}, values));
    }

    private static Attribute ints(long... values) {
        return new Attribute.Ints(LongStream.of(values).boxed().toList());
    }

    private static Attribute number(long value) {
        return new Attribute.IntValue(value);
    }

    private String op(String type, List<String> inputs, Map<String, Attribute> attributes) {
        String out = name("v");
        node(type, inputs, List.of(out), attributes);
        return out;
    }

    private void node(String type, List<String> inputs, List<String> outputs, Map<String, Attribute> attributes) {
        read.addAll(inputs);
        edit.add(Node.of(name(type), type, inputs, outputs, attributes));
    }

    private void gives(String value, long... shape) {
        values.add(new Value(value, shape));
    }

    private Value like(Value v) {
        List<Value> same =
                values.stream().filter(o -> Arrays.equals(o.shape(), v.shape())).toList();
        return pick(same);
    }

    private String activated(String in) {
        return switch (random.nextInt(12)) {
            case 0, 1, 2 -> op("Relu", List.of(in), Map.of());
            case 3 -> op("Clip", List.of(in, scalar(0), scalar(6)), Map.of());
            case 4 -> op("Clip", List.of(in, scalar(-1)), Map.of());
            case 5 -> op("LeakyRelu", List.of(in), Map.of());
            case 6 -> op("PRelu", List.of(in, floats(.3, 1)), Map.of());
            case 7 -> op("Sigmoid", List.of(in), Map.of());
            case 8 -> op("Tanh", List.of(in), Map.of());
            case 9 -> op("HardSigmoid", List.of(in), Map.of());
            case 10 -> op("Elu", List.of(in), Map.of());
            default -> op("Mul", List.of(in, op("Sigmoid", List.of(in), Map.of())), Map.of());
        };
    }

    private String scalar(float value) {
        return parameter(Tensor.scalar(value));
    }

    private void convolution(Value v, int kernel, int groups) {
        if (!v.is(4) || v.channels() > 16 || v.shape()[2] < 3 || v.last() < 3) {
            return;
        }
        long out = groups > 1 ? v.channels() : pick(List.of(4, 6, 8));
        int stride = pick(List.of(1, 1, 2));
        int pad = kernel / 2;
        List<String> inputs = new ArrayList<>(List.of(
                v.name(), weight(v.channels() / groups * kernel * kernel, out, v.channels() / groups, kernel, kernel)));
        if (maybe()) {
            inputs.add(floats(.3, out));
        }
        String y = op(
                "Conv",
                inputs,
                Map.of("group", number(groups), "strides", ints(stride, stride), "pads", ints(pad, pad, pad, pad)));
        if (random.nextInt(3) == 0) {
            y = normalized(y, out);
        }
        if (random.nextInt(4) == 0) {
            y = op("Add", List.of(y, floats(.3, 1, out, 1, 1)), Map.of());
        }
        gives(maybe() ? activated(y) : y, 1, out, (v.shape()[2] - 1) / stride + 1, (v.last() - 1) / stride + 1);
    }

    private void transposed(Value v) {
        if (v.is(4) && v.channels() <= 16 && v.last() <= 8 && v.shape()[2] <= 8) {
            gives(
                    op(
                            "ConvTranspose",
                            List.of(v.name(), weight(v.channels(), v.channels(), 4, 2, 2), floats(.2, 4)),
                            Map.of("strides", ints(2, 2))),
                    1,
                    4,
                    2 * v.shape()[2],
                    2 * v.last());
        }
    }

    private String normalized(String in, long channels) {
        return op(
                "BatchNormalization",
                List.of(in, positive(channels), floats(.2, channels), floats(.2, channels), positive(channels)),
                Map.of());
    }

    private void normalization(Value v) {
        if (v.is(4)) {
            gives(normalized(v.name(), v.channels()), v.shape());
        }
    }

    private void activation(Value v) {
        gives(activated(v.name()), v.shape());
    }

    /** Hard swish as it is exported before opset 14. */
    private void swish(Value v) {
        String gate =
                op("Clip", List.of(op("Add", List.of(v.name(), scalar(3)), Map.of()), scalar(0), scalar(6)), Map.of());
        gives(op("Div", List.of(op("Mul", List.of(v.name(), gate), Map.of()), scalar(6)), Map.of()), v.shape());
    }

    private void squeeze(Value v) {
        if (v.is(4) && v.channels() <= 16) {
            String mean = op("GlobalAveragePool", List.of(v.name()), Map.of());
            String inner = op(
                    "Relu",
                    List.of(op("Conv", List.of(mean, weight(v.channels(), 4, v.channels(), 1, 1)), Map.of())),
                    Map.of());
            String gate = op(
                    "Sigmoid",
                    List.of(op("Conv", List.of(inner, weight(4, v.channels(), 4, 1, 1)), Map.of())),
                    Map.of());
            gives(op("Mul", List.of(v.name(), gate), Map.of()), v.shape());
        }
    }

    private void pool(Value v) {
        if (v.is(4) && v.shape()[2] >= 4 && v.last() >= 4) {
            gives(
                    op(
                            maybe() ? "MaxPool" : "AveragePool",
                            List.of(v.name()),
                            Map.of("kernel_shape", ints(3, 3), "strides", ints(2, 2), "pads", ints(1, 1, 1, 1))),
                    1,
                    v.channels(),
                    (v.shape()[2] - 1) / 2 + 1,
                    (v.last() - 1) / 2 + 1);
        }
    }

    private void globalPool(Value v) {
        if (v.is(4)) {
            gives(
                    op(maybe() ? "GlobalAveragePool" : "GlobalMaxPool", List.of(v.name()), Map.of()),
                    1,
                    v.channels(),
                    1,
                    1);
        }
    }

    private void binary(Value v) {
        gives(
                op(pick(List.of("Add", "Add", "Sub", "Mul", "Max")), List.of(v.name(), like(v).name()), Map.of()),
                v.shape());
    }

    private void constant(Value v) {
        gives(
                op(
                        pick(List.of("Add", "Mul", "Sub")),
                        List.of(v.name(), maybe() ? scalar(1.5f) : floats(1, v.last())),
                        Map.of()),
                v.shape());
    }

    private void concat(Value v) {
        if (v.is(4) && v.channels() <= 16) {
            gives(
                    op("Concat", List.of(v.name(), like(v).name()), Map.of("axis", number(1))),
                    1,
                    2 * v.channels(),
                    v.shape()[2],
                    v.last());
        }
    }

    private void split(Value v) {
        if (v.is(4) && v.channels() % 2 == 0) {
            List<String> halves = List.of(name("v"), name("v"));
            node(
                    "Split",
                    List.of(v.name(), longs(v.channels() / 2, v.channels() / 2)),
                    halves,
                    Map.of("axis", number(1)));
            halves.forEach(h -> gives(h, 1, v.channels() / 2, v.shape()[2], v.last()));
        }
    }

    private void pad(Value v) {
        if (v.is(4) && v.last() >= 2) {
            List<String> inputs = new ArrayList<>(List.of(v.name(), longs(0, 0, 0, 1, 0, 0, 0, 1)));
            String mode = pick(List.of("constant", "constant", "reflect", "edge"));
            if (mode.equals("constant") && maybe()) {
                inputs.add(scalar(pick(List.of(0f, -1.5f))));
            }
            gives(
                    op("Pad", inputs, Map.of("mode", new Attribute.StringValue(mode))),
                    1,
                    v.channels(),
                    v.shape()[2],
                    v.last() + 2);
        }
    }

    private void resize(Value v) {
        if (v.is(4) && v.shape()[2] <= 6 && v.last() <= 6) {
            String scales = parameter(Tensor.ofFloats(new long[] {4}, new float[] {1, 1, 2, 2}));
            gives(
                    op(
                            "Resize",
                            List.of(v.name(), "", scales),
                            Map.of("mode", new Attribute.StringValue(maybe() ? "nearest" : "linear"))),
                    1,
                    v.channels(),
                    2 * v.shape()[2],
                    2 * v.last());
        }
    }

    private void transpose(Value v) {
        if (v.is(4)) {
            gives(
                    op("Transpose", List.of(v.name()), Map.of("perm", ints(0, 1, 3, 2))),
                    1,
                    v.channels(),
                    v.last(),
                    v.shape()[2]);
        } else if (v.is(3)) {
            gives(op("Transpose", List.of(v.name()), Map.of("perm", ints(0, 2, 1))), 1, v.last(), v.shape()[1]);
        }
    }

    private void flatten(Value v) {
        if (Tensor.count(v.shape()) <= LARGEST && !v.is(2)) {
            gives(op("Flatten", List.of(v.name()), Map.of()), 1, Tensor.count(v.shape()));
        }
    }

    private void sequence(Value v) {
        if (v.is(4)) {
            String rows = op("Reshape", List.of(v.name(), longs(0, v.channels(), -1)), Map.of());
            gives(
                    op("Transpose", List.of(rows), Map.of("perm", ints(0, 2, 1))),
                    1,
                    v.shape()[2] * v.last(),
                    v.channels());
        }
    }

    private void product(Value v) {
        if (v.is(3) || v.is(2)) {
            String y = op("MatMul", List.of(v.name(), weight(v.last(), v.last(), 8)), Map.of());
            if (maybe()) {
                y = op("Add", maybe() ? List.of(y, floats(.2, 8)) : List.of(floats(.2, 8), y), Map.of());
            }
            long[] shape = v.shape().clone();
            shape[shape.length - 1] = 8;
            gives(maybe() ? activated(y) : y, shape);
        }
    }

    private void attention(Value v) {
        if (v.is(3) && v.shape()[1] <= 64) {
            List<String> heads = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                heads.add(op("MatMul", List.of(v.name(), weight(v.last(), v.last(), 8)), Map.of()));
            }
            String scores = op(
                    "MatMul",
                    List.of(heads.get(0), op("Transpose", List.of(heads.get(1)), Map.of("perm", ints(0, 2, 1)))),
                    Map.of());
            String weights = op(
                    "Softmax", List.of(op("Mul", List.of(scores, scalar(.35f)), Map.of())), Map.of("axis", number(2)));
            String y = op(
                    "MatMul",
                    List.of(op("MatMul", List.of(weights, heads.get(2)), Map.of()), weight(8, 8, v.last())),
                    Map.of());
            gives(op("Add", List.of(v.name(), y), Map.of()), v.shape());
        }
    }

    private void gemm(Value v) {
        if (v.is(2)) {
            long out = pick(List.of(4, 10));
            boolean transposed = maybe();
            List<String> inputs = new ArrayList<>(
                    List.of(v.name(), transposed ? weight(v.last(), out, v.last()) : weight(v.last(), v.last(), out)));
            switch (random.nextInt(4)) {
                case 0 -> inputs.add(floats(.3, out));
                case 1 -> inputs.add(floats(.3, 1, out));
                case 2 -> inputs.add(floats(.3, 1));
                default -> {}
            }
            gives(
                    activated(op(
                            "Gemm",
                            inputs,
                            Map.of(
                                    "transB",
                                    number(transposed ? 1 : 0),
                                    "alpha",
                                    new Attribute.FloatValue(pick(List.of(1f, 1f, .5f))),
                                    "beta",
                                    new Attribute.FloatValue(pick(List.of(1f, 1f, .5f)))))),
                    1,
                    out);
        }
    }

    private void softmax(Value v) {
        gives(op("Softmax", List.of(v.name()), Map.of("axis", number(-1))), v.shape());
    }

    private void layerNorm(Value v) {
        if (v.last() > 1 && edit.graph().opset() >= 17) {
            gives(
                    op(
                            "LayerNormalization",
                            List.of(v.name(), positive(v.last()), floats(.2, v.last())),
                            Map.of("axis", number(-1))),
                    v.shape());
        }
    }

    private void dropout(Value v) {
        gives(op("Dropout", List.of(v.name()), Map.of()), v.shape());
    }
}
