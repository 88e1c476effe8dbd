package dev.detent.spi.quant;

import dev.detent.spi.Stable;
import java.util.Comparator;

/**
 * The place of one config: input or output {@code index} of a node. Written {@code node:in:0} or {@code node:out:0}.
 */
@Stable(since = "1.0")
public record Slot(String node, Direction direction, int index) implements Comparable<Slot> {

    /** Which side of the node. */
    public enum Direction {
        /** An input. */
        IN,
        /** An output. */
        OUT
    }

    private static final Comparator<Slot> ORDER =
            Comparator.comparing(Slot::node).thenComparing(Slot::direction).thenComparingInt(Slot::index);

    /** An input of a node, by position from 0. */
    public static Slot input(String node, int index) {
        return new Slot(node, Direction.IN, index);
    }

    /** An output of a node, by position from 0. */
    public static Slot output(String node, int index) {
        return new Slot(node, Direction.OUT, index);
    }

    /** It is an input. */
    public boolean isInput() {
        return direction == Direction.IN;
    }

    @Override
    public int compareTo(Slot other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return node + (isInput() ? ":in:" : ":out:") + index;
    }
}
