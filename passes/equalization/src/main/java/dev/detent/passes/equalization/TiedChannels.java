package dev.detent.passes.equalization;

import dev.detent.passes.equalization.ChannelGroups.Axis;
import dev.detent.passes.equalization.ChannelGroups.Channels;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The channels of a graph's float tensors, each with a number, and which of them were tied together so far. What cannot
 * be tied, because its shape is not known or does not fit, is fixed.
 */
final class TiedChannels {

    private final Graph graph;
    private final Map<Channels, Integer> first = new LinkedHashMap<>();
    private final Map<Channels, Integer> counts = new HashMap<>();
    private int size = 1;
    /** The fixed group has the smallest number, so it stays the fixed group whatever joins it. */
    private final DisjointSets sets = new DisjointSets();

    TiedChannels(Graph graph) {
        this.graph = graph;
        sets.grow(size);
    }

    /** One more than the largest number of a group. */
    int size() {
        return size;
    }

    /** How many channels a tensor has there; empty when that is not known. */
    OptionalInt count(Channels channels) {
        Integer count = counts.get(canonical(channels));
        return count == null ? OptionalInt.empty() : OptionalInt.of(count);
    }

    /** The group of every channel. */
    int[] groups(Channels channels) {
        Channels c = canonical(channels);
        Integer at = first.get(c);
        if (at == null) {
            return new int[0];
        }
        int[] groups = new int[counts.getOrDefault(c, 0)];
        Arrays.setAll(groups, i -> sets.find(at + i));
        return groups;
    }

    void register(ValueInfo v) {
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

    void register(Channels channels, ValueInfo.Dimension dimension) {
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

    int rank(String value) {
        return graph.valueInfo(value).flatMap(ValueInfo::shape).map(List::size).orElse(-1);
    }

    void fix(Channels channels) {
        Channels c = canonical(channels);
        for (int i = 0; i < counts.getOrDefault(c, 0); i++) {
            sets.join(ChannelGroups.FIXED, first(c) + i);
        }
    }

    void fix(String value) {
        fix(new Channels(value, Axis.SECOND));
        fix(new Channels(value, Axis.LAST));
    }

    void fix(Node n) {
        n.inputs().forEach(this::fix);
        n.outputs().forEach(this::fix);
    }

    /** Channel i of {@code a} is channel {@code offset} + i of {@code b}. */
    void link(Channels a, Channels b, int offset) {
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

    void link(String a, String b, Axis axis) {
        Channels x = canonical(new Channels(a, axis));
        Channels y = canonical(new Channels(b, axis));
        if (counts.getOrDefault(x, -1).equals(counts.getOrDefault(y, -2))) {
            link(x, y, 0);
        } else {
            fix(x);
            fix(y);
        }
    }

    /** What an operator with its channels at {@code axis} does to the other one. */
    void fixOther(String value, Axis axis) {
        if (rank(value) != 2) {
            fix(new Channels(value, axis == Axis.SECOND ? Axis.LAST : Axis.SECOND));
        }
    }

    /** The axis along which a constant broadcasts, an element for every channel. */
    Optional<Axis> axisOf(Tensor constant, String value) {
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

    /** Dimensions; those that are not known as -1. */
    Optional<long[]> dims(String value) {
        return graph.valueInfo(value)
                .flatMap(ValueInfo::shape)
                .map(s -> s.stream().mapToLong(ValueInfo.Dimension::size).toArray());
    }
}
