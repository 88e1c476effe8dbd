package dev.detent.passes.calibration;

import dev.detent.spi.observe.Observer;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.observe.SketchState;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.number.LinearInteger;
import dev.detent.support.observe.MinMaxAccumulator;
import java.util.Optional;

/**
 * The threshold whose quantized distribution is nearest, in Kullback-Leibler divergence, to the observed one (Migacz,
 * GTC 2017; details as PPQ 0.6.5.1's TorchHistObserver: 4096 bins of |x|, first 0.2 % cleared, 32 candidate
 * thresholds). Unlike PPQ's it also serves asymmetric schemes: there the threshold clips both ends.
 */
final class KlObserver implements Observer {

    private static final int BINS = 4096;

    private final Histogram histogram = new Histogram();
    private final MinMaxAccumulator extremes = new MinMaxAccumulator();

    @Override
    public boolean needsOrder() {
        return false;
    }

    @Override
    public void begin(long[] shape) {
        // The histogram needs no range.
    }

    @Override
    public void accept(float[] values, int from, int to) {
        extremes.accept(values, from, to);
        histogram.add(values, from, to);
    }

    @Override
    public void merge(Sketch other) {
        KlObserver o = (KlObserver) other;
        histogram.merge(o.histogram);
        extremes.merge(o.extremes);
    }

    @Override
    public Optional<SketchState> state() {
        return Optional.of(SketchState.of("values", histogram.state()).with("range", extremes.state()));
    }

    @Override
    public void restore(SketchState state) {
        histogram.restore(state.part("values", SketchState.Distribution.class));
        extremes.restore(state.part("range", SketchState.Extremes.class));
    }

    @Override
    public QuantizationParameters render(Scheme scheme) {
        float min = extremes.min();
        float max = extremes.max();
        double range = Math.max(Math.abs(min), Math.abs(max));
        double width = range / BINS;
        int levels = (int) (scheme.codes().count() / 2);
        if (range == 0 || levels < 1 || levels > BINS) {
            return scheme.cover(min, max);
        }
        double[] h = absoluteHistogram(range);
        for (int i = 0; i < (int) (BINS * .002); i++) {
            h[i] = 0;
        }
        h[(int) (BINS * .002)] = 1;
        int best = best(h, levels);
        double threshold = best * width;
        if (!scheme.symmetric()) {
            return scheme.cover(Math.max(min, -threshold), Math.min(max, threshold));
        }
        double scale = LinearInteger.usable(threshold / levels);
        if (scheme.powerOfTwo()) {
            scale = Math.pow(2, Math.floor(Math.log(scale) / Math.log(2) + 0.5));
        }
        return QuantizationParameters.of((float) scale, 0);
    }

    private static int best(double[] h, int levels) {
        double total = 0;
        for (double v : h) {
            total += v;
        }
        double smallest = Double.POSITIVE_INFINITY;
        int best = BINS;
        for (int r = levels; r <= BINS; r += levels) {
            double divergence = divergence(h, r, levels, total);
            if (divergence < smallest) {
                smallest = divergence;
                best = r;
            }
        }
        return best;
    }

    private static double divergence(double[] h, int r, int levels, double total) {
        int group = r / levels;
        double[] q = new double[r];
        double qTotal = 0;
        for (int level = 0; level < levels; level++) {
            double sum = 0;
            int positive = 0;
            for (int i = level * group; i < (level + 1) * group; i++) {
                sum += h[i];
                positive += h[i] > 0 ? 1 : 0;
            }
            for (int i = level * group; i < (level + 1) * group; i++) {
                q[i] = h[i] > 0 ? (float) (sum / Math.max(positive, 1)) : 0;
                qTotal += q[i];
            }
        }
        double tail = 0;
        for (int i = r; i < BINS; i++) {
            tail += h[i];
        }
        double divergence = 0;
        for (int i = 0; i < r; i++) {
            double p = (h[i] + (i == r - 1 ? tail : 0)) / total;
            divergence += p * (Math.log10(p + 1e-30) - Math.log10(q[i] / qTotal + 1e-30));
        }
        return divergence;
    }

    /** Linear bins of |x| over [0, range]; a coarse bin is spread evenly over those it covers. */
    private double[] absoluteHistogram(double range) {
        double[] h = new double[BINS];
        float top = (float) range;
        histogram.forEach((value, width, count) -> {
            float magnitude = Math.abs(value);
            if (width == 0) {
                h[Math.min(BINS - 1, (int) (magnitude * (double) BINS / top))] += count;
                return;
            }
            double from = Math.max(0, (magnitude - width / 2) * (double) BINS / top);
            double to = Math.min(BINS, (magnitude + width / 2) * (double) BINS / top);
            for (int i = (int) from; i < to && i < BINS; i++) {
                h[i] += count * (Math.min(i + 1, to) - Math.max(i, from)) / (to - from);
            }
        });
        return h;
    }
}
