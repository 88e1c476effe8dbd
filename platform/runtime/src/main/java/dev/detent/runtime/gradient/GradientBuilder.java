package dev.detent.runtime.gradient;

import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * The words in which gradients are written: one method for each operator that backward passes need, and what every rule
 * asks of the forward graph. Shapes are those of the sample at hand, all of them known. Used by one thread.
 */
final class GradientBuilder {

    private final Graph forward;
    private final Map<String, long[]> shapes;
    private final Set<String> reached;
    private final Graph backward = new Graph();
    private final GraphEditor edit = backward.edit();
    private final Set<String> reads = new LinkedHashSet<>();
    private int made;

    /**
     * @param shapes of all float values of the forward graph
     * @param reached values that depend on one whose gradient is wanted
     */
    GradientBuilder(Graph forward, Map<String, long[]> shapes, Set<String> reached) {
        this.forward = forward;
        this.shapes = shapes;
        this.reached = reached;
        forward.opsets().forEach(edit::opset);
        // ScatterElements adds up from 16 on; what a backward pass takes over from older graphs means the same there.
        edit.opset("", Math.max(16, forward.opset()));
    }

    Graph backward() {
        return backward;
    }

    GraphEditor edit() {
        return edit;
    }

    /** Forward values that the backward graph reads, constants not among them. */
    Set<String> reads() {
        return reads;
    }

    /** The gradient to this input of the node leads somewhere. */
    boolean isWanted(Node node, int input) {
        return reached.contains(node.input(input));
    }

    long[] shape(String value) {
        return Objects.requireNonNull(shapes.get(value), value).clone();
    }

    int rank(String value) {
        return shape(value).length;
    }

    /** What an input of the forward graph holds that is constant. */
    Optional<Tensor> constant(String value) {
        return forward.initializer(value);
    }

    /** A value of the forward graph. */
    String read(String value) {
        Optional<Tensor> constant = forward.initializer(value);
        if (constant.isPresent()) {
            edit.initializer(value, constant.get());
        } else if (reads.add(value)) {
            edit.input(ValueInfo.of(
                    value,
                    forward.valueInfo(value)
                            .map(ValueInfo::type)
                            .filter(t -> t != ElementType.UNDEFINED)
                            .orElse(ElementType.FLOAT),
                    shape(value)));
        }
        return value;
    }

    /** Adds a node and names its output. */
    String add(String opType, List<String> inputs, Map<String, Attribute> attributes) {
        return add(opType, inputs, attributes, 1).get(0);
    }

    List<String> add(String opType, List<String> inputs, Map<String, Attribute> attributes, int outputs) {
        String name = "grad::" + opType + "::" + made++;
        List<String> names = new ArrayList<>();
        for (int i = 0; i < outputs; i++) {
            names.add(i == 0 ? name : name + "::" + i);
        }
        edit.add(Node.of(name, opType, inputs, names, attributes));
        return names;
    }

    String op(String opType, String... inputs) {
        return add(opType, List.of(inputs), Map.of());
    }

    String mul(String a, String b) {
        return op("Mul", a, b);
    }

    String mul(String a, double b) {
        return mul(a, scalar(b));
    }

    String plus(String a, String b) {
        return op("Add", a, b);
    }

    String plus(String a, double b) {
        return plus(a, scalar(b));
    }

    String minus(String a, String b) {
        return op("Sub", a, b);
    }

    String minus(double a, String b) {
        return minus(scalar(a), b);
    }

    String divide(String a, String b) {
        return op("Div", a, b);
    }

    String power(String a, double exponent) {
        return op("Pow", a, scalar(exponent));
    }

    String scalar(double value) {
        return tensor(Tensor.scalar((float) value));
    }

    String longs(long... values) {
        return tensor(Tensor.ofLongs(new long[] {values.length}, values));
    }

    String tensor(Tensor constant) {
        String name = "grad::constant::" + made++;
        edit.initializer(name, constant);
        return name;
    }

    /** 1 where a value is positive, 0 elsewhere. */
    String positive(String a) {
        return add(
                "Cast",
                List.of(op("Greater", a, scalar(0))),
                Map.of("to", new Attribute.IntValue(ElementType.FLOAT.code())));
    }

    /** 1 or 0 of a boolean. */
    String number(String condition) {
        return add("Cast", List.of(condition), Map.of("to", new Attribute.IntValue(ElementType.FLOAT.code())));
    }

    String reshape(String a, long... shape) {
        return op("Reshape", a, longs(shape));
    }

    String transpose(String a, long... order) {
        return add("Transpose", List.of(a), Map.of("perm", ints(order)));
    }

    /** Sums over axes; they stay with length 1. */
    String sum(String a, long... axes) {
        return axes.length == 0
                ? a
                : add("ReduceSum", List.of(a, longs(axes)), Map.of("keepdims", new Attribute.IntValue(1)));
    }

    /** Cuts out [from, to) of an axis, with a step that may be negative. */
    String slice(String a, long axis, long from, long to, long step) {
        return op("Slice", a, longs(from), longs(to), longs(axis), longs(step));
    }

    /** The gradient to an input of shape {@code to} that was broadcast to {@code from}. */
    String reduceTo(String gradient, long[] from, long[] to) {
        if (java.util.Arrays.equals(from, to)) {
            return gradient;
        }
        List<Long> axes = new ArrayList<>();
        int more = from.length - to.length;
        for (int i = 0; i < from.length; i++) {
            if (i < more || to[i - more] == 1 && from[i] != 1) {
                axes.add((long) i);
            }
        }
        return reshape(sum(gradient, axes.stream().mapToLong(Long::longValue).toArray()), to);
    }

    /** Zeros of a shape, with {@code values} added at flat {@code indexes}. */
    String scatter(String values, String indexes, long[] shape) {
        long count = Tensor.count(shape);
        String zeros = op("Expand", tensor(Tensor.ofFloats(new long[] {1}, 0)), longs(count));
        String flat = add(
                "ScatterElements",
                List.of(zeros, reshape(indexes, -1), reshape(values, -1)),
                Map.of("axis", new Attribute.IntValue(0), "reduction", new Attribute.StringValue("add")));
        return reshape(flat, shape);
    }

    /** The flat index of every element of a tensor of this shape: what moves elements moves these alike. */
    String indexes(long[] shape) {
        long[] all = new long[Math.toIntExact(Tensor.count(shape))];
        for (int i = 0; i < all.length; i++) {
            all[i] = i;
        }
        return tensor(Tensor.ofLongs(shape, all));
    }

    static Attribute.Ints ints(long... values) {
        return new Attribute.Ints(java.util.Arrays.stream(values).boxed().toList());
    }
}
