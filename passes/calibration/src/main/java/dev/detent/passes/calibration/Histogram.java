package dev.detent.passes.calibration;

import java.util.Arrays;

/**
 * Counts values without knowing their range first: a bin is the upper 16 bits of the float pattern (sign, exponent, 7 bits of mantissa),
 * so neighbouring bins differ by under 0.8 %. The first 64 Ki values are kept as they are; small data stays exact. Memory is bounded by
 * 0.6 MB (twice that when a counter outgrew 32 bits).
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
    private static final int BINS = 1 << 16;

    /** Values that wait to be counted: the counters of one tensor out of many are never in the cache, so they are visited seldom. */
    private static final int PENDING = 1 << 14;

    private float[] buffer = new float[64];
    private int size;
    private int[] even = new int[0];
    private int[] odd = new int[0];
    private long[] overflow = new long[0];
    private long counted;

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
        int[] a = even;
        int[] b = odd;
        int i = from;
        for (; i + 2 <= to; i += 2) {
            a[Float.floatToRawIntBits(values[i]) >>> 16]++;
            b[Float.floatToRawIntBits(values[i + 1]) >>> 16]++;
        }
        if (i < to) {
            a[Float.floatToRawIntBits(values[i]) >>> 16]++;
        }
        counted += to - from;
        if (counted > 1 << 30) {
            flush();
        }
    }

    private void collapse() {
        even = new int[BINS];
        odd = new int[BINS];
        drain();
        buffer = new float[PENDING];
    }

    private void flush() {
        if (overflow.length == 0) {
            overflow = new long[BINS];
        }
        for (int i = 0; i < BINS; i++) {
            overflow[i] += (long) even[i] + odd[i];
        }
        Arrays.fill(even, 0);
        Arrays.fill(odd, 0);
        counted = 0;
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
        drain();
        flush();
        other.drain();
        other.flush();
        for (int i = 0; i < BINS; i++) {
            overflow[i] += other.overflow[i];
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
        for (int i = 0; i < BINS; i++) {
            long n = (long) even[i] + odd[i] + (overflow.length == 0 ? 0 : overflow[i]);
            if (n > 0) {
                float lo = Float.intBitsToFloat(i << 16);
                float hi = Float.intBitsToFloat(i << 16 | 0xffff);
                boolean zero = (i & 0x7fff) == 0;
                sink.accept(zero ? 0 : (lo + hi) / 2, zero ? 0 : Math.abs(hi - lo), n);
            }
        }
    }
}
