package dev.detent.spi.observe;

import dev.detent.spi.Experimental;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.LongUnaryOperator;

/**
 * What a sketch has seen, as numbers that can be kept in a file and merged without the sketch. Every part has a law by
 * which two merge; all laws are exact and commutative, and equal statistics have equal parts, so statistics of shards
 * merge, in whatever order, to what one look at all the data gives.
 *
 * @param parts by a name of the sketch's own choice; not to be changed
 */
@Experimental(since = "1.0")
public record SketchState(SortedMap<String, Part> parts) {

    /** Numbers of one law; immutable as long as nobody writes to the arrays. */
    public sealed interface Part permits Extremes, Sums, Counts, Distribution {

        /**
         * The numbers of both.
         *
         * @throws IllegalArgumentException when the other is of another kind or length
         */
        Part merge(Part other);
    }

    /** Sorts and copies the parts. */
    public SketchState {
        parts = Collections.unmodifiableSortedMap(new TreeMap<>(parts));
    }

    /** One part. */
    public static SketchState of(String name, Part part) {
        return new SketchState(new TreeMap<>(Map.of(name, part)));
    }

    /** The same with a further part. */
    public SketchState with(String name, Part part) {
        TreeMap<String, Part> more = new TreeMap<>(parts);
        more.put(name, part);
        return new SketchState(more);
    }

    /**
     * What one sketch of the same class and options would have kept of the values of both. A part that one of them
     * lacks, having seen nothing, is as the other has it.
     *
     * @throws IllegalArgumentException when the parts do not fit
     */
    public SketchState merge(SketchState other) {
        TreeMap<String, Part> merged = new TreeMap<>(parts);
        other.parts.forEach((name, part) -> merged.merge(name, part, Part::merge));
        return new SketchState(merged);
    }

    /**
     * A part of a kind.
     *
     * @throws IllegalArgumentException when there is none of this name, or it is of another kind
     */
    public <P extends Part> P part(String name, Class<P> kind) {
        Part part = parts.get(name);
        if (!kind.isInstance(part)) {
            throw new IllegalArgumentException("there is no " + kind.getSimpleName() + " '" + name + "'");
        }
        return kind.cast(part);
    }

    private static IllegalArgumentException misfit(Part a, Part b) {
        return new IllegalArgumentException(a.getClass().getSimpleName() + " does not fit a "
                + b.getClass().getSimpleName() + " of another kind or length");
    }

    /**
     * Smallest and largest values, per channel or whatever the sketch tells apart. No values at all, as of a sketch
     * that has seen nothing, merge with any number of them.
     *
     * @param smallest positive infinity where nothing was seen
     * @param largest as many; negative infinity where nothing was seen
     */
    @SuppressWarnings("ArrayRecordComponent") // bulk data
    public record Extremes(float[] smallest, float[] largest) implements Part {

        /** Refuses arrays of different lengths. */
        public Extremes {
            if (smallest.length != largest.length) {
                throw new IllegalArgumentException("as many smallest values as largest ones");
            }
        }

        @Override
        public Extremes merge(Part other) {
            if (!(other instanceof Extremes o) || length() != o.length() && length() != 0 && o.length() != 0) {
                throw misfit(this, other);
            }
            if (length() == 0 || o.length() == 0) {
                return length() == 0 ? o : this;
            }
            float[] low = smallest.clone();
            float[] high = largest.clone();
            for (int i = 0; i < low.length; i++) {
                low[i] = Math.min(low[i], o.smallest[i]);
                high[i] = Math.max(high[i], o.largest[i]);
            }
            return new Extremes(low, high);
        }

        /** How many there are. */
        public int length() {
            return smallest.length;
        }
    }

    /**
     * Sums of whole numbers, which are exact; a sum of floats is one of multiples of a unit. No numbers at all merge
     * with any number of them.
     */
    public record Sums(List<BigInteger> values) implements Part {

        /** Copies the list. */
        public Sums {
            values = List.copyOf(values);
        }

        /** Of numbers that fit in 64 bits. */
        public static Sums of(long... values) {
            return new Sums(Arrays.stream(values).mapToObj(BigInteger::valueOf).toList());
        }

        /** Number {@code index} as one of 64 bits. */
        public long get(int index) {
            return values.get(index).longValue();
        }

        @Override
        public Sums merge(Part other) {
            if (!(other instanceof Sums o)
                    || values.size() != o.values.size() && !values.isEmpty() && !o.values.isEmpty()) {
                throw misfit(this, other);
            }
            if (values.isEmpty() || o.values.isEmpty()) {
                return values.isEmpty() ? o : this;
            }
            List<BigInteger> sums = new ArrayList<>();
            for (int i = 0; i < values.size(); i++) {
                sums.add(values.get(i).add(o.values.get(i)));
            }
            return new Sums(sums);
        }
    }

    /**
     * How often something was seen.
     *
     * @param keys what, in ascending order, each once
     * @param counts of the same length, all positive
     */
    @SuppressWarnings("ArrayRecordComponent") // bulk data
    public record Counts(long[] keys, long[] counts) implements Part {

        /** Refuses what is not in order. */
        public Counts {
            boolean sound = keys.length == counts.length;
            for (int i = 0; sound && i < keys.length; i++) {
                sound = counts[i] > 0 && (i == 0 || keys[i - 1] < keys[i]);
            }
            if (!sound) {
                throw new IllegalArgumentException("keys ascend, and each was seen");
            }
        }

        /** Of keys in any order, each as often as it was seen. */
        public static Counts of(long[] seen) {
            long[] sorted = seen.clone();
            Arrays.sort(sorted);
            long[] ones = new long[sorted.length];
            Arrays.fill(ones, 1);
            return summed(sorted, ones, sorted.length);
        }

        /** Joins equal neighbours; writes over its arguments. */
        private static Counts summed(long[] keys, long[] counts, int length) {
            int size = 0;
            for (int i = 0; i < length; i++) {
                if (size > 0 && keys[size - 1] == keys[i]) {
                    counts[size - 1] += counts[i];
                } else {
                    keys[size] = keys[i];
                    counts[size++] = counts[i];
                }
            }
            return new Counts(Arrays.copyOf(keys, size), Arrays.copyOf(counts, size));
        }

        /** How much was seen. */
        public long total() {
            return Arrays.stream(counts).sum();
        }

        @Override
        public Counts merge(Part other) {
            if (!(other instanceof Counts o)) {
                throw misfit(this, other);
            }
            int length = keys.length + o.keys.length;
            long[] allKeys = new long[length];
            long[] all = new long[length];
            int mine = 0;
            int theirs = 0;
            for (int i = 0; i < length; i++) {
                boolean first = theirs == o.keys.length || mine < keys.length && keys[mine] <= o.keys[theirs];
                allKeys[i] = first ? keys[mine] : o.keys[theirs];
                all[i] = first ? counts[mine++] : o.counts[theirs++];
            }
            return summed(allKeys, all, length);
        }

        /** With every key replaced; the replacement keeps the order of keys. */
        private Counts rekeyed(LongUnaryOperator key) {
            long[] other = Arrays.stream(keys).map(key).toArray();
            return summed(other, counts.clone(), other.length);
        }
    }

    /**
     * How floats are distributed: as they are while there are few, and by the upper 16 bits of their patterns (sign,
     * exponent, 7 bits of mantissa) from then on. Keys of {@code counts} are the patterns, unsigned.
     *
     * @param few up to so many values are kept as they are
     * @param exact the keys have all 32 bits, not the upper 16
     */
    public record Distribution(long few, boolean exact, Counts counts) implements Part {

        /** Upper bits where there are more than a few. */
        public Distribution {
            if (exact && counts.total() > few) {
                exact = false;
                counts = coarse(counts);
            }
        }

        private static Counts coarse(Counts exact) {
            return exact.rekeyed(key -> key >>> 16);
        }

        @Override
        public Distribution merge(Part other) {
            if (!(other instanceof Distribution o) || o.few != few) {
                throw misfit(this, other);
            }
            boolean both = exact && o.exact;
            Counts mine = exact && !both ? coarse(counts) : counts;
            Counts theirs = o.exact && !both ? coarse(o.counts) : o.counts;
            return new Distribution(few, both, mine.merge(theirs));
        }
    }
}
