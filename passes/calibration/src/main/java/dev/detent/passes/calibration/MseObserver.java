package dev.detent.passes.calibration;

import dev.detent.spi.observe.Observer;
import dev.detent.spi.quant.Parameters;
import dev.detent.spi.quant.Scheme;
import java.util.Arrays;

/**
 * The range with the least mean squared quantization error over the observed distribution. The error of a candidate is computed with the
 * scheme's own number system, so it is right for every bit width, rounding and symmetry. Per tensor: coarse-to-fine search over clipping
 * thresholds on the histogram. Per channel: the same on each channel's histogram.
 */
final class MseObserver implements Observer {

    /** Below this fraction of the range a value rounds to zero under every candidate; its error does not depend on the choice. */
    private static final double NEGLIGIBLE = 1.0 / (1 << 13);

    /** From this size on a quarter of a batch, in short runs spread over all of it, tells its distribution as well as the whole. */
    private static final long LARGE = 1 << 18;
    private static final int PERIOD = 256;
    private static final int TAKEN = 64;

    private final Scheme scheme;
    private Histogram[] histograms = new Histogram[0];
    /** Exact ends of the range where the histogram takes samples only. */
    private final Extremes extremes = new Extremes();
    private boolean sampled;
    private int stride;
    private int channels;
    private int position;

    MseObserver(Scheme scheme) {
        this.scheme = scheme;
    }

    @Override
    public boolean needsOrder() {
        return scheme.isPerChannel();
    }

    @Override
    public void begin(long[] shape) {
        stride = scheme.isPerChannel() ? scheme.channelStride(shape) : Integer.MAX_VALUE;
        channels = scheme.isPerChannel() ? (int) shape[scheme.axis().getAsInt()] : 1;
        position = 0;
        sampled = channels == 1 && Arrays.stream(shape).reduce(1, (a, b) -> a * b) >= LARGE;
        if (histograms.length != channels) {
            histograms = new Histogram[channels];
            Arrays.setAll(histograms, i -> new Histogram());
        }
    }

    @Override
    public void accept(float[] values, int from, int to) {
        if (sampled) {
            extremes.accept(values, from, to);
            for (int i = from; i < to; i += PERIOD) {
                histograms[0].add(values, i, Math.min(i + TAKEN, to));
            }
            return;
        }
        for (int i = from; i < to; ) {
            int channel = channels == 1 ? 0 : position / stride % channels;
            int run = channels == 1 ? to - i : Math.min(to - i, stride - position % stride);
            histograms[channel].add(values, i, i + run);
            i += run;
            position += run;
        }
    }

    @Override
    public void end() {
        // Nothing is kept per batch.
    }

    @Override
    public void merge(Observer other) {
        MseObserver o = (MseObserver) other;
        extremes.merge(o.extremes);
        if (histograms.length == 0) {
            histograms = o.histograms;
            channels = o.channels;
            return;
        }
        for (int c = 0; c < o.histograms.length; c++) {
            histograms[c].merge(o.histograms[c]);
        }
    }

    @Override
    public Parameters render(Scheme wanted) {
        float[] scales = new float[histograms.length];
        float[] zeroPoints = new float[histograms.length];
        for (int c = 0; c < histograms.length; c++) {
            Parameters p = new Search(histograms[c], Math.min(0, extremes.min()), Math.max(0, extremes.max()), wanted).best();
            scales[c] = p.scale(0);
            zeroPoints[c] = p.zeroPoint(0);
        }
        return new Parameters(scales, zeroPoints);
    }

    /** The search for one channel. */
    private static final class Search {
        private final Scheme scheme;
        /** Ends of the range, outward edges of the outermost bins; 0 is always inside. */
        private double min;
        private double max;
        private float[] values = new float[256];
        private float[] widths = new float[256];
        private double[] counts = new double[256];
        private int size;
        private float[] scratch = new float[0];

        Search(Histogram histogram, double smallest, double largest, Scheme scheme) {
            this.scheme = scheme;
            this.min = smallest;
            this.max = largest;
            histogram.forEach((value, width, count) -> {
                min = Math.min(min, value - width / 2);
                max = Math.max(max, value + width / 2);
            });
            double negligible = Math.max(-min, max) * NEGLIGIBLE;
            histogram.forEach((value, width, count) -> {
                if (Math.abs(value) > negligible) {
                    if (size == values.length) {
                        values = Arrays.copyOf(values, 2 * size);
                        widths = Arrays.copyOf(widths, 2 * size);
                        counts = Arrays.copyOf(counts, 2 * size);
                    }
                    values[size] = value;
                    widths[size] = width;
                    counts[size++] = count;
                }
            });
            scratch = new float[size];
        }

        Parameters best() {
            if (size == 0) {
                return scheme.cover(min, max);
            }
            if (scheme.symmetric()) {
                double magnitude = Math.max(-min, max);
                double t = search(f -> error(-f * magnitude, f * magnitude));
                return scheme.cover(-t * magnitude, t * magnitude);
            }
            double lo = 1;
            double hi = 1;
            for (int round = 0; round < 2; round++) {
                double fixedLo = lo;
                hi = max > 0 ? search(f -> error(fixedLo * min, f * max)) : 1;
                double fixedHi = hi;
                lo = min < 0 ? search(f -> error(f * min, fixedHi * max)) : 1;
            }
            return scheme.cover(lo * min, hi * max);
        }

        /** The fraction in (0, 1] with the least error: 24 steps over all, then two refinements around the best. */
        private double search(java.util.function.DoubleUnaryOperator error) {
            double best = 1;
            double least = error.applyAsDouble(1);
            double step = 1.0 / 24;
            for (int level = 0; level < 3; level++) {
                double centre = level == 0 ? 0.5 : best;
                int reach = level == 0 ? 12 : 3;
                for (int i = -reach; i <= reach; i++) {
                    double f = centre + i * step;
                    if (f > 0.04 && f <= 1) {
                        double e = error.applyAsDouble(f);
                        if (e < least) {
                            least = e;
                            best = f;
                        }
                    }
                }
                step /= 4;
            }
            return best;
        }

        private double error(double lo, double hi) {
            Parameters p = scheme.cover(lo, hi);
            System.arraycopy(values, 0, scratch, 0, size);
            scheme.system().fakeQuantize(scratch, 0, size, p.scale(0), p.zeroPoint(0), scheme);
            double sum = 0;
            double[] range = scheme.system().range(p.scale(0), p.zeroPoint(0), scheme);
            for (int i = 0; i < size; i++) {
                double v = values[i];
                double step = scheme.system().step(v, p.scale(0), p.zeroPoint(0), scheme);
                // A bin wider than half a step hides where its values lie; they are as good as uniform inside a step.
                boolean spread = widths[i] > step / 2 && v > range[0] && v < range[1];
                double d = v - scratch[i];
                sum += counts[i] * (spread ? step * step / 12 : d * d);
            }
            return sum;
        }
    }
}
