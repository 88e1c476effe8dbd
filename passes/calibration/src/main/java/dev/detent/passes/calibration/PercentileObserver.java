package dev.detent.passes.calibration;

import dev.detent.spi.observe.Observer;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.observe.SketchState;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.observe.MinMaxAccumulator;
import java.util.Optional;

/**
 * Exact order statistics of every batch, averaged over batches: the k-th smallest and k-th largest value with k = int(n
 * (1 - p)) + 1, as PPQ's CPU path picks them (observer/range.py). Only the k extreme values are kept while a batch
 * passes.
 */
final class PercentileObserver implements Observer {

    private final double percentile;
    private final ExactSum minima = new ExactSum();
    private final ExactSum maxima = new ExactSum();
    private Extreme smallest = new Extreme(1, -1);
    private Extreme largest = new Extreme(1, 1);
    /** The smallest values are not looked for and count as 0: a range begins there at the latest. */
    private boolean nonNegative;

    PercentileObserver(double percentile) {
        this.percentile = percentile;
    }

    @Override
    public boolean needsOrder() {
        return false;
    }

    @Override
    public void expectNonNegative() {
        nonNegative = true;
    }

    @Override
    public void begin(long[] shape) {
        long n = 1;
        for (long d : shape) {
            n *= d;
        }
        int fromBottom = (int) Math.max(0, (long) (n * (1 - percentile))) + 1;
        int fromTop = (int) (n - Math.min((long) (n * percentile), n - 1));
        smallest = smallest.reset(fromBottom, -1);
        largest = largest.reset(fromTop, 1);
    }

    @Override
    public void accept(float[] values, int from, int to) {
        if (!nonNegative) {
            smallest.accept(values, from, to);
        }
        largest.accept(values, from, to);
    }

    @Override
    public void end() {
        minima.add(nonNegative ? 0 : smallest.value());
        maxima.add(largest.value());
    }

    @Override
    public void merge(Sketch other) {
        PercentileObserver o = (PercentileObserver) other;
        minima.merge(o.minima);
        maxima.merge(o.maxima);
    }

    @Override
    public Optional<SketchState> state() {
        return Optional.of(SketchState.of("minima", minima.state()).with("maxima", maxima.state()));
    }

    @Override
    public void restore(SketchState state) {
        minima.restore(state.part("minima", SketchState.Sums.class));
        maxima.restore(state.part("maxima", SketchState.Sums.class));
    }

    @Override
    public QuantizationParameters render(Scheme scheme) {
        return scheme.cover(minima.mean(), maxima.mean());
    }

    /** The k largest (sign 1) or smallest (sign -1) values seen, as a binary heap whose top is the k-th. */
    private static final class Extreme {
        private final int k;
        private final float sign;
        private final float[] heap;
        private final VectorizedMax fold = new VectorizedMax();
        private int size;

        Extreme(int k, float sign) {
            this.k = k;
            this.sign = sign;
            this.heap = new float[k];
        }

        Extreme reset(int newK, float newSign) {
            if (newK != k) {
                return new Extreme(newK, newSign);
            }
            size = 0;
            return this;
        }

        void accept(float[] values, int from, int to) {
            int i = from;
            while (size < k && i < to) {
                push(values[i++] * sign);
            }
            if (k == 1) {
                float[] e = MinMaxAccumulator.of(values, i, to);
                heap[0] = Math.max(heap[0], sign > 0 ? e[1] : -e[0]);
                return;
            }
            for (; i + VectorizedMax.RUN <= to; i += VectorizedMax.RUN) {
                // Most runs hold nothing so far out, and looking at their ends is much faster than at every element.
                // Not-a-number hides the others.
                if (!(fold.outermost(values, i, sign) <= heap[0])) {
                    scan(values, i, i + VectorizedMax.RUN);
                }
            }
            scan(values, i, to);
        }

        private void scan(float[] values, int from, int to) {
            float threshold = heap[0];
            for (int i = from; i < to; i++) {
                float v = values[i] * sign;
                if (v > threshold) {
                    heap[0] = v;
                    sink();
                    threshold = heap[0];
                }
            }
        }

        float value() {
            return heap[0] * sign;
        }

        private void push(float v) {
            int child = size++;
            while (child > 0 && heap[(child - 1) / 2] > v) {
                heap[child] = heap[(child - 1) / 2];
                child = (child - 1) / 2;
            }
            heap[child] = v;
        }

        private void sink() {
            float v = heap[0];
            int hole = 0;
            while (2 * hole + 1 < k) {
                int child = 2 * hole + 1;
                if (child + 1 < k && heap[child + 1] < heap[child]) {
                    child++;
                }
                if (heap[child] >= v) {
                    break;
                }
                heap[hole] = heap[child];
                hole = child;
            }
            heap[hole] = v;
        }
    }
}
