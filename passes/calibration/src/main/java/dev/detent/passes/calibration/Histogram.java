package dev.detent.passes.calibration;

import java.util.Arrays;

/**
 * Counts values without knowing their range first: a bin is the upper 16 bits of the float pattern (sign, exponent, 7 bits of mantissa),
 * so neighbouring bins differ by under 0.8 %. The first 64 Ki values are kept as they are; small data stays exact. Counters come by the
 * octave, when its first value does: a tensor's values lie in a few dozen of the 512. Memory is bounded by 1.1 MB.
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
    /** Signs times exponents. */
    private static final int OCTAVES = 1 << 9;
    private static final int MANTISSA = 7;
    private static final int BINS = 1 << MANTISSA;

    /** Values that wait to be counted: the counters of one tensor out of many are never in the cache, so they are visited seldom. */
    private static final int PENDING = 1 << 14;

    private float[] buffer = new float[64];
    private int size;
    /** Counters by octave and mantissa; none while values are kept as they are. */
    private long[][] even = new long[0][];
    private long[][] odd = new long[0][];

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
        if (even.length > 0) {
            drain();
        } else if (buffer.length < EXACT) {
            buffer = Arrays.copyOf(buffer, 2 * buffer.length);
        } else {
            collapse();
        }
    }

    private void drain() {
        count(buffer, 0, size);
        size = 0;
    }

    /** Two tables by turns: the zeros of a ReLU would otherwise make every increment wait for the one before. */
    private void count(float[] values, int from, int to) {
        int i = from;
        for (; i + 2 <= to; i += 2) {
            count(even, values[i]);
            count(odd, values[i + 1]);
        }
        if (i < to) {
            count(even, values[i]);
        }
    }

    private static void count(long[][] table, float value) {
        int bin = Float.floatToRawIntBits(value) >>> 16;
        octave(table, bin >>> MANTISSA)[bin & BINS - 1]++;
    }

    private static long[] octave(long[][] table, int index) {
        long[] bins = table[index];
        if (bins == null) {
            bins = new long[BINS];
            table[index] = bins;
        }
        return bins;
    }

    private void collapse() {
        even = new long[OCTAVES][];
        odd = new long[OCTAVES][];
        drain();
        buffer = new float[PENDING];
    }

    /** Exact and commutative. */
    void merge(Histogram other) {
        if (other.even.length == 0) {
            add(other.buffer, 0, other.size);
            return;
        }
        if (even.length == 0) {
            collapse();
        }
        other.drain();
        add(even, other.even);
        add(odd, other.odd);
    }

    private static void add(long[][] table, long[][] other) {
        for (int o = 0; o < OCTAVES; o++) {
            if (other[o] != null) {
                long[] mine = octave(table, o);
                for (int i = 0; i < BINS; i++) {
                    mine[i] += other[o][i];
                }
            }
        }
    }

    /** Every value or bin, in no particular order of magnitude but always in the same one. */
    void forEach(Sink sink) {
        if (even.length == 0) {
            // Sorted: the order of arrival depends on the number of threads.
            float[] sorted = Arrays.copyOf(buffer, size);
            Arrays.sort(sorted);
            for (int i = 0; i < sorted.length; ) {
                int j = i;
                while (j < sorted.length && sorted[j] == sorted[i]) {
                    j++;
                }
                sink.accept(sorted[i], 0, j - i);
                i = j;
            }
            return;
        }
        drain();
        for (int octave = 0; octave < OCTAVES; octave++) {
            for (int i = 0; i < BINS; i++) {
                long n = at(even, octave, i) + at(odd, octave, i);
                if (n > 0) {
                    int bits = (octave << MANTISSA | i) << 16;
                    float lo = Float.intBitsToFloat(bits);
                    float hi = Float.intBitsToFloat(bits | 0xffff);
                    boolean zero = (bits & 0x7fff0000) == 0;
                    sink.accept(zero ? 0 : (lo + hi) / 2, zero ? 0 : Math.abs(hi - lo), n);
                }
            }
        }
    }

    private static long at(long[][] table, int octave, int bin) {
        return table[octave] == null ? 0 : table[octave][bin];
    }
}
