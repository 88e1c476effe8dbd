package dev.detent.passes.calibration;

import dev.detent.spi.observe.SketchState;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Counts values without knowing their range first: a bin is the upper 16 bits of the float pattern (sign, exponent, 7
 * bits of mantissa), so neighbouring bins differ by under 0.8 %. The first 64 Ki values are kept as they are; small
 * data stays exact. Counters come in rows of 32 octaves, when a row's first value does: a tensor's values lie in two to
 * five of the 16. Memory is bounded by 0.6 MB.
 */
final class Histogram {

    /** A value and how often it (or one in its bin) was seen. */
    interface Sink {
        /**
         * @param value the value, or the middle of its bin
         * @param width width of the bin; 0 when the value is exact
         */
        void accept(float value, float width, long count);
    }

    private static final int EXACT = 1 << 16;
    private static final int ROWS = 1 << 4;
    private static final int BITS = 12;
    private static final int BINS = 1 << BITS;

    /**
     * Values that wait to be counted: the counters of one tensor out of many are never in the cache, so they are
     * visited seldom.
     */
    private static final int PENDING = 1 << 14;

    private float[] buffer = new float[64];
    private int size;
    /** Counters by bin; none while values are kept as they are. */
    private long[][] rows = new long[0][];

    void add(float[] values, int from, int to) {
        int i = from;
        while (i < to) {
            if (size == buffer.length) {
                grow();
            }
            int room = Math.min(to - i, buffer.length - size);
            System.arraycopy(values, i, buffer, size, room);
            size += room;
            i += room;
        }
    }

    /** A full buffer: longer while values are kept as they are, emptied into the counters afterwards. */
    private void grow() {
        if (rows.length > 0) {
            drain();
        } else if (buffer.length < EXACT) {
            buffer = Arrays.copyOf(buffer, 2 * buffer.length);
        } else {
            collapse();
        }
    }

    private void drain() {
        for (int i = 0; i < size; i++) {
            int bin = Float.floatToRawIntBits(buffer[i]) >>> 16;
            row(bin >>> BITS)[bin & BINS - 1]++;
        }
        size = 0;
    }

    private long[] row(int index) {
        long[] row = rows[index];
        if (row == null) {
            row = new long[BINS];
            rows[index] = row;
        }
        return row;
    }

    private void collapse() {
        rows = new long[ROWS][];
        drain();
        buffer = new float[PENDING];
    }

    /** Exact and commutative. */
    void merge(Histogram other) {
        if (other.rows.length == 0) {
            add(other.buffer, 0, other.size);
            return;
        }
        if (rows.length == 0) {
            collapse();
        }
        other.drain();
        for (int r = 0; r < ROWS; r++) {
            if (other.rows[r] != null) {
                long[] mine = row(r);
                for (int i = 0; i < BINS; i++) {
                    mine[i] += other.rows[r][i];
                }
            }
        }
    }

    /** Values as they are, or counters by bin. */
    SketchState.Distribution state() {
        if (rows.length == 0) {
            return new SketchState.Distribution(
                    EXACT,
                    true,
                    SketchState.Counts.of(IntStream.range(0, size)
                            .mapToLong(i -> Integer.toUnsignedLong(Float.floatToRawIntBits(buffer[i])))
                            .toArray()));
        }
        drain();
        int filled = 0;
        for (long[] row : rows) {
            filled += row == null
                    ? 0
                    : (int) Arrays.stream(row).filter(n -> n > 0).count();
        }
        long[] keys = new long[filled];
        long[] counts = new long[filled];
        int at = 0;
        for (int r = 0; r < ROWS; r++) {
            for (int i = 0; rows[r] != null && i < BINS; i++) {
                if (rows[r][i] > 0) {
                    keys[at] = (long) r << BITS | i;
                    counts[at++] = rows[r][i];
                }
            }
        }
        return new SketchState.Distribution(EXACT, false, new SketchState.Counts(keys, counts));
    }

    /** Of one that has seen nothing. */
    void restore(SketchState.Distribution state) {
        long[] keys = state.counts().keys();
        long[] counts = state.counts().counts();
        if (!state.exact()) {
            collapse();
        }
        float[] one = new float[1];
        for (int k = 0; k < keys.length; k++) {
            if (state.exact()) {
                one[0] = Float.intBitsToFloat((int) keys[k]);
                for (long n = 0; n < counts[k]; n++) {
                    add(one, 0, 1);
                }
            } else {
                row((int) (keys[k] >>> BITS))[(int) keys[k] & BINS - 1] += counts[k];
            }
        }
    }

    /** Every value or bin, in no particular order of magnitude but always in the same one. */
    void forEach(Sink sink) {
        if (rows.length == 0) {
            // Sorted: the order of arrival depends on the number of threads.
            float[] sorted = Arrays.copyOf(buffer, size);
            Arrays.sort(sorted);
            for (int i = 0; i < sorted.length; ) {
                // A NaN is not even its own like.
                int j = i + 1;
                while (j < sorted.length && sorted[j] == sorted[i]) {
                    j++;
                }
                sink.accept(sorted[i], 0, j - i);
                i = j;
            }
            return;
        }
        drain();
        for (int r = 0; r < ROWS; r++) {
            for (int i = 0; rows[r] != null && i < BINS; i++) {
                if (rows[r][i] > 0) {
                    int bits = (r << BITS | i) << 16;
                    float lo = Float.intBitsToFloat(bits);
                    float hi = Float.intBitsToFloat(bits | 0xffff);
                    boolean zero = (bits & 0x7fff0000) == 0;
                    sink.accept(zero ? 0 : (lo + hi) / 2, zero ? 0 : Math.abs(hi - lo), rows[r][i]);
                }
            }
        }
    }
}
