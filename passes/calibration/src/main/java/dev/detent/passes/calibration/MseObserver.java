package dev.detent.passes.calibration;

import dev.detent.spi.graph.Tensor;
import dev.detent.spi.observe.Observer;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.observe.SketchState;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Range;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.observe.MinMaxAccumulator;
import java.util.Arrays;
import java.util.Optional;

/**
 * The range with the least mean squared quantization error over the observed distribution. The error of a candidate is
 * computed with the scheme's own number system, so it is right for every bit width, rounding and symmetry. Per tensor:
 * coarse-to-fine search over clipping thresholds on the histogram. Per channel: the same on each channel's histogram.
 */
final class MseObserver implements Observer {

    /**
     * Below this fraction of the range a value rounds to zero under every candidate; its error does not depend on the
     * choice.
     */
    private static final double NEGLIGIBLE = 1.0 / (1 << 13);

    /**
     * From this size on a batch is sampled: short runs spread over all of it tell its distribution as well as the
     * whole. Which elements a run holds depends on the layout the engine chose for the tensor, and on nothing else.
     */
    private static final long LARGE = 1 << 15;

    private static final int RUN = 16;
    private static final int RUNS = 64;

    private final Scheme scheme;
    private Histogram[] histograms = new Histogram[0];
    /** Exact minimum and maximum; the histogram is filled from a subsample of large batches. */
    private final MinMaxAccumulator extremes = new MinMaxAccumulator();
    /** Those ends, of every such batch: a rare large value that no sample caught still weighs in. */
    private final Histogram tails = new Histogram();

    private double smallest;
    private double largest;
    private long elements;
    private long taken;
    private boolean sampled;
    /** Elements from one sampled run to the next, and where the next one starts. */
    private int period;

    private int next;
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
    public boolean addsUp() {
        return !scheme.isPerChannel();
    }

    @Override
    public void expectNonNegative() {
        extremes.expectNonNegative();
    }

    @Override
    public void begin(long[] shape) {
        stride = scheme.isPerChannel() ? scheme.granularity().channelStride(shape) : Integer.MAX_VALUE;
        channels = scheme.isPerChannel() ? (int) shape[scheme.axis().getAsInt()] : 1;
        position = 0;
        long size = Tensor.count(shape);
        sampled = channels == 1 && size >= LARGE;
        if (sampled) {
            extremes.reset();
            period = (int) Math.min(Integer.MAX_VALUE, size / RUNS);
            next = 0;
            elements += size;
        }
        if (histograms.length != channels) {
            histograms = new Histogram[channels];
            Arrays.setAll(histograms, i -> new Histogram());
        }
    }

    @Override
    public void accept(float[] values, int from, int to) {
        if (sampled) {
            extremes.accept(values, from, to);
            int end = position + to - from;
            for (; next < end; next += period) {
                int at = from + Math.max(0, next - position);
                histograms[0].add(values, at, Math.min(at + RUN, to));
                taken += Math.min(at + RUN, to) - at;
            }
            position = end;
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
        if (sampled) {
            float[] ends = {extremes.min(), extremes.max()};
            tails.add(ends, 0, 2);
            smallest = Math.min(smallest, ends[0]);
            largest = Math.max(largest, ends[1]);
        }
    }

    @Override
    public void merge(Sketch other) {
        MseObserver o = (MseObserver) other;
        tails.merge(o.tails);
        smallest = Math.min(smallest, o.smallest);
        largest = Math.max(largest, o.largest);
        elements += o.elements;
        taken += o.taken;
        if (histograms.length == 0) {
            histograms = new Histogram[o.histograms.length];
            Arrays.setAll(histograms, i -> new Histogram());
            channels = o.channels;
        }
        for (int c = 0; c < o.histograms.length; c++) {
            histograms[c].merge(o.histograms[c]);
        }
    }

    @Override
    public Optional<SketchState> state() {
        SketchState state = SketchState.of("tails", tails.state())
                .with("range", new SketchState.Extremes(new float[] {(float) smallest}, new float[] {(float) largest}))
                .with("elements", SketchState.Sums.of(elements, taken));
        for (int c = 0; c < histograms.length; c++) {
            state = state.with("values " + c, histograms[c].state());
        }
        return Optional.of(state);
    }

    @Override
    public void restore(SketchState state) {
        tails.restore(state.part("tails", SketchState.Distribution.class));
        SketchState.Extremes range = state.part("range", SketchState.Extremes.class);
        smallest = range.smallest()[0];
        largest = range.largest()[0];
        elements = state.part("elements", SketchState.Sums.class).get(0);
        taken = state.part("elements", SketchState.Sums.class).get(1);
        channels = state.parts().size() - 3;
        histograms = new Histogram[channels];
        for (int c = 0; c < channels; c++) {
            histograms[c] = new Histogram();
            histograms[c].restore(state.part("values " + c, SketchState.Distribution.class));
        }
    }

    @Override
    public QuantizationParameters render(Scheme wanted) {
        float[] scales = new float[histograms.length];
        float[] zeroPoints = new float[histograms.length];
        for (int c = 0; c < histograms.length; c++) {
            QuantizationParameters p = new Search(histograms[c], wanted).best();
            scales[c] = p.scale(0);
            zeroPoints[c] = p.zeroPoint(0);
        }
        return new QuantizationParameters(scales, zeroPoints);
    }

    /** The search for one channel. */
    private final class Search {
        private final Scheme scheme;
        /** Ends of the range, outward edges of the outermost bins; 0 is always inside. */
        private double min = smallest;

        private double max = largest;
        private float[] values = new float[256];
        private float[] widths = new float[256];
        private double[] counts = new double[256];
        private int size;
        private float[] scratch = new float[0];

        Search(Histogram histogram, Scheme scheme) {
            this.scheme = scheme;
            histogram.forEach((value, width, count) -> {
                min = Math.min(min, value - width / 2);
                max = Math.max(max, value + width / 2);
            });
            double negligible = Math.max(-min, max) * NEGLIGIBLE;
            histogram.forEach((value, width, count) -> keep(value, width, count, negligible));
            // An end of a batch stands for itself once, where a sample stands for the many that were not taken.
            tails.forEach((value, width, count) ->
                    keep(value, width, count * ((double) taken / Math.max(1, elements)), negligible));
            scratch = new float[size];
        }

        private void keep(float value, float width, double count, double negligible) {
            if (Math.abs(value) <= negligible) {
                return;
            }
            if (size == values.length) {
                values = Arrays.copyOf(values, 2 * size);
                widths = Arrays.copyOf(widths, 2 * size);
                counts = Arrays.copyOf(counts, 2 * size);
            }
            values[size] = value;
            widths[size] = width;
            counts[size++] = count;
        }

        QuantizationParameters best() {
            if (size == 0) {
                return scheme.cover(min, max);
            }
            if (scheme.symmetric()) {
                double magnitude = Math.max(-min, max);
                double t = search(f -> error(-f * magnitude, f * magnitude));
                return scheme.cover(-t * magnitude, t * magnitude);
            }
            // Each end in turn, until neither moves the other any more.
            double lo = 1;
            double hi = 1;
            for (int round = 0; round < 2; round++) {
                double fixedLo = lo;
                hi = max > 0 ? search(f -> error(fixedLo * min, f * max)) : 1;
                double fixedHi = hi;
                lo = min < 0 ? search(f -> error(f * min, fixedHi * max)) : 1;
                if (lo == fixedLo) {
                    break;
                }
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
            QuantizationParameters p = scheme.cover(lo, hi);
            System.arraycopy(values, 0, scratch, 0, size);
            scheme.system().fakeQuantize(scratch, 0, size, p.scale(0), p.zeroPoint(0), scheme);
            double sum = 0;
            Range range = scheme.system().range(p.scale(0), p.zeroPoint(0), scheme);
            for (int i = 0; i < size; i++) {
                double v = values[i];
                double step = scheme.system().step(v, p.scale(0), p.zeroPoint(0), scheme);
                // A bin wider than half a step hides where its values lie; they are as good as uniform inside a step.
                boolean spread = widths[i] > step / 2 && v > range.low() && v < range.high();
                double d = v - scratch[i];
                sum += counts[i] * (spread ? step * step / 12 : d * d);
            }
            return sum;
        }
    }
}
