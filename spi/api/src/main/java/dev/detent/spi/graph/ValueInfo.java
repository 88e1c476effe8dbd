package dev.detent.spi.graph;

import dev.detent.spi.Stable;
import java.util.List;
import java.util.Optional;

/**
 * Declared name, element type and shape of a graph input, output or inner value.
 *
 * @param type {@code UNDEFINED} when the value is not a tensor or undeclared
 * @param shape empty when the rank is unknown; a dimension is a size, a symbol or unknown
 */
@Stable(since = "1.0")
public record ValueInfo(String name, ElementType type, Optional<List<Dimension>> shape, UnmodeledProto opaque) {

    /** A size of at least 0, or -1 with the symbol's name, or -1 with {@code ""} when nothing is known. */
    public record Dimension(long size, String symbol) {
        /** A known size. */
        public static Dimension of(long size) {
            return new Dimension(size, "");
        }

        /** It has a size. */
        public boolean isKnown() {
            return size >= 0;
        }
    }

    /** Copies the list. */
    public ValueInfo {
        shape = shape.map(List::copyOf);
    }

    /** A tensor whose dimensions are all known. */
    public static ValueInfo of(String name, ElementType type, long... dims) {
        return new ValueInfo(
                name,
                type,
                Optional.of(
                        java.util.Arrays.stream(dims).mapToObj(Dimension::of).toList()),
                UnmodeledProto.NONE);
    }

    /** The dimensions when all are known. */
    public Optional<long[]> staticShape() {
        return shape.filter(s -> s.stream().allMatch(Dimension::isKnown))
                .map(s -> s.stream().mapToLong(Dimension::size).toArray());
    }

    /** The same type and shape under another name. */
    public ValueInfo withName(String newName) {
        return new ValueInfo(newName, type, shape, UnmodeledProto.NONE);
    }
}
