package dev.detent.passes.equalization;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.support.operator.OperatorTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Which channels of a network's tensors can only be scaled together. A positive factor on one channel passes through
 * ReLU, pooling, slices, concatenations and additions; weighted operators, norms and constant additions absorb it.
 * Channels that an operator of another kind, a graph input or a graph output touches are fixed: their factor is 1.
 */
final class ChannelGroups {

    /** The group whose factor is 1. */
    static final int FIXED = 0;

    /** Where a tensor has its channels: images at axis 1, sequences at the last one. */
    enum Axis {
        SECOND,
        LAST
    }

    /** The channels of a tensor. */
    record Channels(String value, Axis axis) {}

    /** A weighted operator: divides by the factors of {@code in} and multiplies by those of {@code out}. */
    record Layer(Node node, Channels in, Channels out) {}

    /** A constant that is multiplied by the factors of {@code channels}, an element for each. */
    record Shift(String initializer, Channels channels) {}

    private interface Rule {
        void apply(ChannelGroups groups, Node node);
    }

    private static final Map<String, Rule> RULES = new HashMap<>();

    static {
        Stream.of("Relu", "LeakyRelu", "Identity", "Dropout")
                .forEach(op -> RULES.put(op, (g, n) -> g.pass(n, Axis.SECOND, Axis.LAST)));
        Stream.of("MaxPool", "AveragePool", "GlobalMaxPool", "GlobalAveragePool", "Resize")
                .forEach(op -> RULES.put(op, (g, n) -> g.pass(n, Axis.SECOND)));
        Stream.of("Flatten", "Reshape").forEach(op -> RULES.put(op, ChannelGroups::reshape));
        OperatorTable.biased().forEach(op -> RULES.put(op, (g, n) -> g.weighted(n, Axis.SECOND)));
        RULES.put("MatMul", (g, n) -> g.weighted(n, Axis.LAST));
        RULES.put("BatchNormalization", (g, n) -> g.norm(n, Axis.SECOND));
        RULES.put("LayerNormalization", (g, n) -> g.norm(n, Axis.LAST));
        // Looks at dimensions only.
        RULES.put("Shape", (g, n) -> {});
        RULES.put("Add", ChannelGroups::add);
        RULES.put("Concat", ChannelGroups::concat);
        RULES.put("Slice", ChannelGroups::slice);
        RULES.put("Pad", ChannelGroups::pad);
    }

    private final Graph graph;
    private final Function<String, Optional<Tensor>> constants;
    private final Map<Channels, Integer> first = new LinkedHashMap<>();
    private final Map<Channels, Integer> counts = new HashMap<>();
    private int size = 1;
    /** The fixed group has the smallest number, so it stays the fixed group whatever joins it. */
    private final DisjointSets sets = new DisjointSets();

    private final List<Layer> layers = new ArrayList<>();
    private final List<Shift> shifts = new ArrayList<>();

    private ChannelGroups(Graph graph, Function<String, Optional<Tensor>> constants) {
        this.graph = graph;
        this.constants = constants;
        sets.grow(size);
    }

    /** @param constants values that depend on constants alone */
    static ChannelGroups of(Graph graph, Function<String, Optional<Tensor>> constants) {
        ChannelGroups groups = new ChannelGroups(graph, constants);
        graph.valueInfos().values().forEach(groups::register);
        graph.inputs().forEach(groups::register);
        graph.outputs().forEach(groups::register);
        graph.inputs().forEach(v -> groups.fix(v.name()));
        graph.outputs().forEach(v -> groups.fix(v.name()));
        for (Node n : graph.nodes()) {
            Rule rule = n.domain().isEmpty() && n.capturedValues().isEmpty() ? RULES.get(n.opType()) : null;
            if (rule != null) {
                rule.apply(groups, n);
            } else {
                groups.fix(n);
                n.capturedValues().forEach(groups::fix);
            }
        }
        return groups;
    }

    List<Layer> layers() {
        return layers;
    }

    List<Shift> shifts() {
        return shifts;
    }

    /** One more than the largest number of a group. */
    int size() {
        return size;
    }

    /** The group of every channel. */
    int[] of(Channels channels) {
        Channels c = canonical(channels);
        Integer at = first.get(c);
        if (at == null) {
            return new int[0];
        }
        int[] groups = new int[counts.getOrDefault(c, 0)];
        Arrays.setAll(groups, i -> sets.find(at + i));
        return groups;
    }

    private void register(ValueInfo v) {
        if (v.type() != ElementType.FLOAT
                || v.shape().isEmpty()
                || v.shape().get().size() < 2
                || graph.isInitializer(v.name())) {
            return;
        }
        List<ValueInfo.Dimension> shape = v.shape().get();
        register(new Channels(v.name(), Axis.SECOND), shape.get(1));
        if (shape.size() > 2) {
            register(new Channels(v.name(), Axis.LAST), shape.get(shape.size() - 1));
        }
    }

    private void register(Channels channels, ValueInfo.Dimension dimension) {
        if (dimension.isKnown() && !first.containsKey(channels)) {
            first.put(channels, size);
            counts.put(channels, (int) dimension.size());
            size += (int) dimension.size();
            sets.grow(size);
        }
    }

    private int first(Channels registered) {
        return Objects.requireNonNull(first.get(registered), registered::value);
    }

    private Channels canonical(Channels c) {
        return c.axis() == Axis.LAST && rank(c.value()) == 2 ? new Channels(c.value(), Axis.SECOND) : c;
    }

    private int rank(String value) {
        return graph.valueInfo(value).flatMap(ValueInfo::shape).map(List::size).orElse(-1);
    }

    private void fix(Channels channels) {
        Channels c = canonical(channels);
        for (int i = 0; i < counts.getOrDefault(c, 0); i++) {
            sets.join(FIXED, first(c) + i);
        }
    }

    private void fix(String value) {
        fix(new Channels(value, Axis.SECOND));
        fix(new Channels(value, Axis.LAST));
    }

    private void fix(Node n) {
        n.inputs().forEach(this::fix);
        n.outputs().forEach(this::fix);
    }

    /** Channel i of {@code a} is channel {@code offset} + i of {@code b}. */
    private void link(Channels a, Channels b, int offset) {
        Channels x = canonical(a);
        Channels y = canonical(b);
        int n = counts.getOrDefault(x, -1);
        if (n < 0 || offset + n > counts.getOrDefault(y, -1)) {
            fix(x);
            fix(y);
            return;
        }
        for (int i = 0; i < n; i++) {
            sets.join(first(x) + i, first(y) + offset + i);
        }
    }

    private void link(String a, String b, Axis axis) {
        Channels x = canonical(new Channels(a, axis));
        Channels y = canonical(new Channels(b, axis));
        if (counts.getOrDefault(x, -1).equals(counts.getOrDefault(y, -2))) {
            link(x, y, 0);
        } else {
            fix(x);
            fix(y);
        }
    }

    /** Input 0 and output 0 have the same channels at {@code axes}, and at no others. */
    private void pass(Node n, Axis... axes) {
        List<Axis> linked = List.of(axes);
        for (Axis axis : Axis.values()) {
            if (linked.contains(axis)) {
                link(n.input(0), n.output(0), axis);
            } else if (rank(n.input(0)) != 2) {
                fix(new Channels(n.input(0), axis));
                fix(new Channels(n.output(0), axis));
            }
        }
        n.outputs().stream().skip(1).forEach(this::fix);
    }

    /** What an operator with its channels at {@code axis} does to the other one. */
    private void fixOther(String value, Axis axis) {
        if (rank(value) != 2) {
            fix(new Channels(value, axis == Axis.SECOND ? Axis.LAST : Axis.SECOND));
        }
    }

    private void weighted(Node n, Axis axis) {
        boolean free = isOwn(n.input(1))
                && (!n.hasInput(2) || isOwn(n.input(2)))
                && n.intAttribute("transA", 0) == 0
                && (axis == Axis.SECOND
                        || graph.initializer(n.input(1)).map(t -> t.rank() == 2).orElse(false));
        if (!free) {
            fix(n);
            return;
        }
        fixOther(n.input(0), axis);
        fixOther(n.output(0), axis);
        Channels out = new Channels(n.output(0), axis);
        layers.add(new Layer(n, new Channels(n.input(0), axis), out));
        if (n.hasInput(2)) {
            shift(n.input(2), out);
        }
    }

    /** Scale and bias take the factors up; what is before them stays. */
    private void norm(Node n, Axis axis) {
        boolean free =
                isOwn(n.input(1)) && isOwn(n.input(2)) && n.outputs().size() == 1 && n.intAttribute("axis", -1) == -1;
        if (!free) {
            fix(n);
            return;
        }
        fix(n.input(0));
        fixOther(n.output(0), axis);
        Channels out = new Channels(n.output(0), axis);
        shift(n.input(1), out);
        shift(n.input(2), out);
    }

    private void add(Node n) {
        int constant = graph.isInitializer(n.input(1)) ? 1 : graph.isInitializer(n.input(0)) ? 0 : -1;
        if (constant < 0) {
            for (int i = 0; i < 2; i++) {
                boolean same = rank(n.input(i)) == rank(n.output(0));
                for (Axis axis : Axis.values()) {
                    if (same) {
                        link(n.input(i), n.output(0), axis);
                    } else {
                        fix(n);
                    }
                }
            }
            return;
        }
        String value = n.input(1 - constant);
        Optional<Axis> axis = isOwn(n.input(constant))
                ? axisOf(graph.initializer(n.input(constant)).orElseThrow(), n.output(0))
                : Optional.empty();
        if (axis.isEmpty()) {
            fix(n);
            return;
        }
        link(value, n.output(0), axis.get());
        fixOther(value, axis.get());
        fixOther(n.output(0), axis.get());
        shift(n.input(constant), new Channels(n.output(0), axis.get()));
    }

    /** The axis along which a constant broadcasts, an element for every channel. */
    private Optional<Axis> axisOf(Tensor constant, String value) {
        for (Axis axis : Axis.values()) {
            Channels c = canonical(new Channels(value, axis));
            int fromEnd = axis == Axis.LAST ? 1 : rank(value) - 1;
            int at = constant.rank() - fromEnd;
            if (counts.getOrDefault(c, -1) == constant.elementCount()
                    && at >= 0
                    && constant.dim(at) == constant.elementCount()) {
                return Optional.of(axis);
            }
        }
        return Optional.empty();
    }

    private void shift(String initializer, Channels channels) {
        if (graph.initializer(initializer)
                .map(t -> t.elementCount() == counts.getOrDefault(canonical(channels), -1))
                .orElse(false)) {
            shifts.add(new Shift(initializer, channels));
        } else {
            fix(channels);
        }
    }

    /** Channels survive when only spatial dimensions of size 1 come or go. */
    private void reshape(Node n) {
        Optional<long[]> from = dims(n.input(0));
        Optional<long[]> to = dims(n.output(0))
                .or(() -> from.filter(f -> f.length > 1 && feedsMatrices(n.output(0), f[1]))
                        .map(f -> new long[] {f[0], f[1]}));
        boolean kept = from.isPresent()
                && to.isPresent()
                && from.get().length > 1
                && to.get().length > 1
                && from.get()[1] == to.get()[1]
                && Arrays.stream(from.get()).skip(2).allMatch(d -> d == 1)
                && Arrays.stream(to.get()).skip(2).allMatch(d -> d == 1);
        if (!kept) {
            fix(n);
            return;
        }
        register(new Channels(n.output(0), Axis.SECOND), ValueInfo.Dimension.of(to.get()[1]));
        link(new Channels(n.input(0), Axis.SECOND), new Channels(n.output(0), Axis.SECOND), 0);
        fixOther(n.input(0), Axis.SECOND);
        fixOther(n.output(0), Axis.SECOND);
    }

    /**
     * Everybody who reads it takes it for a matrix of that many columns; a reshape whose target is computed tells no
     * shape itself.
     */
    private boolean feedsMatrices(String value, long columns) {
        return !graph.isOutput(value)
                && graph.uses(value).stream()
                        .allMatch(u -> u.index() == 0
                                && u.node().is("Gemm")
                                && graph.initializer(u.node().input(1))
                                        .map(w -> w.dim((int) u.node().intAttribute("transB", 0)) == columns)
                                        .orElse(false));
    }

    /** Dimensions; those that are not known as -1. */
    private Optional<long[]> dims(String value) {
        return graph.valueInfo(value)
                .flatMap(ValueInfo::shape)
                .map(s -> s.stream().mapToLong(ValueInfo.Dimension::size).toArray());
    }

    private void concat(Node n) {
        int rank = rank(n.output(0));
        long declared = n.intAttribute("axis", 0);
        long at = declared < 0 ? declared + rank : declared;
        for (Axis axis : Axis.values()) {
            int offset = 0;
            for (String in : n.inputs()) {
                if (at == (axis == Axis.SECOND ? 1 : rank - 1)) {
                    link(new Channels(in, axis), new Channels(n.output(0), axis), offset);
                    offset += Math.max(0, counts.getOrDefault(canonical(new Channels(in, axis)), 0));
                } else {
                    link(in, n.output(0), axis);
                }
            }
        }
    }

    private void slice(Node n) {
        Optional<long[]> axes = n.hasInput(3) ? constants.apply(n.input(3)).map(Tensor::longs) : Optional.empty();
        int rank = rank(n.input(0));
        if (axes.isEmpty() || rank < 2) {
            fix(n);
            return;
        }
        for (Axis axis : Axis.values()) {
            int at = axis == Axis.SECOND ? 1 : rank - 1;
            if (Arrays.stream(axes.get()).noneMatch(a -> (a < 0 ? a + rank : a) == at)) {
                link(n.input(0), n.output(0), axis);
            } else {
                fix(new Channels(n.input(0), axis));
                fix(new Channels(n.output(0), axis));
            }
        }
    }

    /** Zeros around an image, and zero channels before and behind its own. */
    private void pad(Node n) {
        int rank = rank(n.input(0));
        Optional<long[]> pads =
                constants.apply(n.input(1)).map(Tensor::longs).filter(p -> p.length == 2 * rank && rank > 2);
        boolean zeros = n.stringAttribute("mode", "constant").equals("constant")
                && (!n.hasInput(2)
                        || constants
                                .apply(n.input(2))
                                .map(t -> t.floats()[0] == 0)
                                .orElse(false))
                && !n.hasInput(3);
        if (pads.isEmpty() || !zeros || pads.get()[1] < 0 || pads.get()[rank + 1] < 0) {
            fix(n);
            return;
        }
        link(new Channels(n.input(0), Axis.SECOND), new Channels(n.output(0), Axis.SECOND), (int) pads.get()[1]);
        fixOther(n.input(0), Axis.SECOND);
        fixOther(n.output(0), Axis.SECOND);
    }

    /** A constant nobody else reads. */
    private boolean isOwn(String initializer) {
        return graph.initializer(initializer)
                        .map(t -> t.type() == ElementType.FLOAT)
                        .orElse(false)
                && graph.uses(initializer).size() == 1
                && !graph.isOutput(initializer);
    }
}
