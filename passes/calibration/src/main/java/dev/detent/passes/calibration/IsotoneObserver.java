package dev.detent.passes.calibration;

import dev.detent.spi.observe.Observer;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.observe.SketchState;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.number.LinearInteger;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The scale that keeps the arg-max of as many samples as possible: for each sample the two largest values l1 and l2
 * stay apart when l2 / (qmax - 1) <= s <= 2 (l1 - l2). PPQ 0.6.5.1's observer/order.py, except that a tie among best
 * candidates is averaged without counting the first twice. The first 4096 samples count; more would only repeat the
 * vote.
 */
final class IsotoneObserver implements Observer {

    private static final int SAMPLES = 4096;

    private float[] first = new float[16];
    private float[] second = new float[16];
    private int rows;
    private int rowLength;
    private int position;
    private float l1;
    private float l2;

    @Override
    public void begin(long[] shape) {
        long n = 1;
        for (long d : shape) {
            n *= d;
        }
        rowLength = (int) (shape.length == 0 ? 1 : n / Math.max(1, shape[0]));
        position = 0;
        startRow();
    }

    private void startRow() {
        l1 = Float.NEGATIVE_INFINITY;
        l2 = Float.NEGATIVE_INFINITY;
    }

    @Override
    public void accept(float[] values, int from, int to) {
        for (int i = from; i < to; i++) {
            float v = values[i];
            if (v > l1) {
                l2 = l1;
                l1 = v;
            } else if (v > l2) {
                l2 = v;
            }
            if (++position % rowLength == 0) {
                add(l1, l2);
                startRow();
            }
        }
    }

    private void add(float a, float b) {
        if (rows == first.length) {
            first = Arrays.copyOf(first, 2 * rows);
            second = Arrays.copyOf(second, 2 * rows);
        }
        first[rows] = a;
        second[rows++] = b;
    }

    @Override
    public void merge(Sketch other) {
        IsotoneObserver o = (IsotoneObserver) other;
        for (int i = 0; i < o.rows; i++) {
            add(o.first[i], o.second[i]);
        }
    }

    /** The two values of every row, as one number. */
    @Override
    public Optional<SketchState> state() {
        return Optional.of(SketchState.of(
                "rows",
                SketchState.Counts.of(IntStream.range(0, rows)
                        .mapToLong(i -> (long) Float.floatToRawIntBits(first[i]) << 32
                                | Integer.toUnsignedLong(Float.floatToRawIntBits(second[i])))
                        .toArray())));
    }

    @Override
    public void restore(SketchState state) {
        SketchState.Counts seen = state.part("rows", SketchState.Counts.class);
        for (int i = 0; i < seen.keys().length; i++) {
            for (long n = 0; n < seen.counts()[i]; n++) {
                add(Float.intBitsToFloat((int) (seen.keys()[i] >>> 32)), Float.intBitsToFloat((int) seen.keys()[i]));
            }
        }
    }

    @Override
    public QuantizationParameters render(Scheme scheme) {
        int n = Math.min(rows, SAMPLES);
        double[] lower = new double[n];
        double[] upper = new double[n];
        for (int i = 0; i < n; i++) {
            lower[i] = second[i] / (scheme.quantMax() - 1.0);
            upper[i] = 2.0 * (first[i] - second[i]);
        }
        Arrays.sort(lower);
        Arrays.sort(upper);
        int best = -1;
        double sum = 0;
        int ties = 0;
        for (int c = 0; c < 2 * n; c++) {
            double candidate = c < n ? upper[c] : lower[c - n];
            int satisfied = n - below(upper, candidate) + below(lower, Math.nextUp(candidate));
            if (satisfied > best) {
                best = satisfied;
                sum = candidate;
                ties = 1;
            } else if (satisfied == best) {
                sum += candidate;
                ties++;
            }
        }
        float scale = (float) (sum / Math.max(1, ties));
        return QuantizationParameters.of((float) LinearInteger.usable(Math.max(scale, 0)), 0);
    }

    /** How many of the sorted values lie strictly below {@code limit}. */
    private static int below(double[] sorted, double limit) {
        int i = Arrays.binarySearch(sorted, limit);
        if (i < 0) {
            return -i - 1;
        }
        while (i > 0 && sorted[i - 1] == limit) {
            i--;
        }
        return i;
    }
}
