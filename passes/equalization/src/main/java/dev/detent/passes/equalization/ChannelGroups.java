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
import java.util.List;
import java.util.Map;
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
    private final TiedChannels tied;
    private final List<Layer> layers = new ArrayList<>();
    private final List<Shift> shifts = new ArrayList<>();

    private ChannelGroups(Graph graph, Function<String, Optional<Tensor>> constants) {
        this.graph = graph;
        this.constants = constants;
        this.tied = new TiedChannels(graph);
    }

    /** @param constants values that depend on constants alone */
    static ChannelGroups of(Graph graph, Function<String, Optional<Tensor>> constants) {
        ChannelGroups groups = new ChannelGroups(graph, constants);
        graph.valueInfos().values().forEach(groups.tied::register);
        graph.inputs().forEach(groups.tied::register);
        graph.outputs().forEach(groups.tied::register);
        graph.inputs().forEach(v -> groups.tied.fix(v.name()));
        graph.outputs().forEach(v -> groups.tied.fix(v.name()));
        for (Node n : graph.nodes()) {
            Rule rule = n.domain().isEmpty() && n.capturedValues().isEmpty() ? RULES.get(n.opType()) : null;
            if (rule != null) {
                rule.apply(groups, n);
            } else {
                groups.tied.fix(n);
                n.capturedValues().forEach(groups.tied::fix);
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
        return tied.size();
    }

    /** The group of every channel; empty where nothing is known of the tensor. */
    int[] of(Channels channels) {
        return tied.groups(channels);
    }

    /** Input 0 and output 0 have the same channels at {@code axes}, and at no others. */
    private void pass(Node n, Axis... axes) {
        List<Axis> linked = List.of(axes);
        for (Axis axis : Axis.values()) {
            if (linked.contains(axis)) {
                tied.link(n.input(0), n.output(0), axis);
            } else if (tied.rank(n.input(0)) != 2) {
                tied.fix(new Channels(n.input(0), axis));
                tied.fix(new Channels(n.output(0), axis));
            }
        }
        n.outputs().stream().skip(1).forEach(tied::fix);
    }

    private void weighted(Node n, Axis axis) {
        boolean free = isOwn(n.input(1))
                && (!n.hasInput(2) || isOwn(n.input(2)))
                && n.intAttribute("transA", 0) == 0
                && (axis == Axis.SECOND
                        || graph.initializer(n.input(1)).map(t -> t.rank() == 2).orElse(false));
        if (!free) {
            tied.fix(n);
            return;
        }
        tied.fixOther(n.input(0), axis);
        tied.fixOther(n.output(0), axis);
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
            tied.fix(n);
            return;
        }
        tied.fix(n.input(0));
        tied.fixOther(n.output(0), axis);
        Channels out = new Channels(n.output(0), axis);
        shift(n.input(1), out);
        shift(n.input(2), out);
    }

    private void add(Node n) {
        int constant = graph.isInitializer(n.input(1)) ? 1 : graph.isInitializer(n.input(0)) ? 0 : -1;
        if (constant < 0) {
            for (int i = 0; i < 2; i++) {
                boolean same = tied.rank(n.input(i)) == tied.rank(n.output(0));
                for (Axis axis : Axis.values()) {
                    if (same) {
                        tied.link(n.input(i), n.output(0), axis);
                    } else {
                        tied.fix(n);
                    }
                }
            }
            return;
        }
        String value = n.input(1 - constant);
        Optional<Axis> axis = isOwn(n.input(constant))
                ? tied.axisOf(graph.initializer(n.input(constant)).orElseThrow(), n.output(0))
                : Optional.empty();
        if (axis.isEmpty()) {
            tied.fix(n);
            return;
        }
        tied.link(value, n.output(0), axis.get());
        tied.fixOther(value, axis.get());
        tied.fixOther(n.output(0), axis.get());
        shift(n.input(constant), new Channels(n.output(0), axis.get()));
    }

    private void shift(String initializer, Channels channels) {
        if (graph.initializer(initializer)
                .map(t -> t.elementCount() == tied.count(channels).orElse(-1))
                .orElse(false)) {
            shifts.add(new Shift(initializer, channels));
        } else {
            tied.fix(channels);
        }
    }

    /** Channels survive when only spatial dimensions of size 1 come or go. */
    private void reshape(Node n) {
        Optional<long[]> from = tied.dims(n.input(0));
        Optional<long[]> to = tied.dims(n.output(0))
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
            tied.fix(n);
            return;
        }
        tied.register(new Channels(n.output(0), Axis.SECOND), ValueInfo.Dimension.of(to.get()[1]));
        tied.link(new Channels(n.input(0), Axis.SECOND), new Channels(n.output(0), Axis.SECOND), 0);
        tied.fixOther(n.input(0), Axis.SECOND);
        tied.fixOther(n.output(0), Axis.SECOND);
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

    private void concat(Node n) {
        int rank = tied.rank(n.output(0));
        long declared = n.intAttribute("axis", 0);
        long at = declared < 0 ? declared + rank : declared;
        for (Axis axis : Axis.values()) {
            int offset = 0;
            for (String in : n.inputs()) {
                if (at == (axis == Axis.SECOND ? 1 : rank - 1)) {
                    tied.link(new Channels(in, axis), new Channels(n.output(0), axis), offset);
                    offset += tied.count(new Channels(in, axis)).orElse(0);
                } else {
                    tied.link(in, n.output(0), axis);
                }
            }
        }
    }

    private void slice(Node n) {
        Optional<long[]> axes = n.hasInput(3) ? constants.apply(n.input(3)).map(Tensor::longs) : Optional.empty();
        int rank = tied.rank(n.input(0));
        if (axes.isEmpty() || rank < 2) {
            tied.fix(n);
            return;
        }
        for (Axis axis : Axis.values()) {
            int at = axis == Axis.SECOND ? 1 : rank - 1;
            if (Arrays.stream(axes.get()).noneMatch(a -> (a < 0 ? a + rank : a) == at)) {
                tied.link(n.input(0), n.output(0), axis);
            } else {
                tied.fix(new Channels(n.input(0), axis));
                tied.fix(new Channels(n.output(0), axis));
            }
        }
    }

    /** Zeros around an image, and zero channels before and behind its own. */
    private void pad(Node n) {
        int rank = tied.rank(n.input(0));
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
            tied.fix(n);
            return;
        }
        tied.link(new Channels(n.input(0), Axis.SECOND), new Channels(n.output(0), Axis.SECOND), (int) pads.get()[1]);
        tied.fixOther(n.input(0), Axis.SECOND);
        tied.fixOther(n.output(0), Axis.SECOND);
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
