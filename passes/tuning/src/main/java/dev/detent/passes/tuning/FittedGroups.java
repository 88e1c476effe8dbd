package dev.detent.passes.tuning;

import dev.detent.spi.observe.Observer;
import dev.detent.spi.observe.ObserverDefinition;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Range;
import dev.detent.spi.quant.ScaleAndZeroPoint;
import dev.detent.spi.quant.Scheme;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Observers of weights that look at every value of a block or channel: several grids are tried, each fitted to the
 * codes it gives by least squares, and the one with the least cost stays. What a value's error costs is the observer's
 * own. Values are kept, so they are for weights alone.
 */
final class FittedGroups implements Observer {

    /** What an error costs. */
    @FunctionalInterface
    interface Cost {
        /**
         * Of one value.
         *
         * @param magnitude root mean square of the group
         */
        double of(double value, double error, double magnitude);
    }

    /** The exponent of HQQ (Badri and Shaji 2023): a few large errors are better than many small ones. */
    private static final double HQQ = 0.7;

    /**
     * Grids around the one that covers everything, as k-quants have them (llama.cpp, make_qkx2_quants and
     * make_qx_quants).
     */
    private static final int STEPS = 20;

    private static final double STEP = 0.1;

    static final List<ObserverDefinition> DEFINITIONS = List.of(
            new ObserverDefinition(
                    "k-quant",
                    "grids fitted to blocks or channels of weights, large weights counting more, as k-quants are",
                    List.of(),
                    FittedGroups::fits,
                    (s, o) -> new FittedGroups(s, (w, e, magnitude) -> (magnitude + Math.abs(w)) * e * e)),
            new ObserverDefinition(
                    "hqq",
                    "grids fitted to blocks or channels of weights by HQQ's norm, the sum of |error|^0.7",
                    List.of(),
                    FittedGroups::fits,
                    (s, o) -> new FittedGroups(s, (w, e, magnitude) -> Math.pow(Math.abs(e), HQQ))));

    private final Scheme scheme;
    private final Cost cost;
    private final List<float[]> groups = new ArrayList<>();
    private int[] counts = new int[0];
    private long[] dims = new long[0];
    private int position;

    private FittedGroups(Scheme scheme, Cost cost) {
        this.scheme = scheme;
        this.cost = cost;
    }

    private static boolean fits(Scheme s) {
        return s.isPerChannel() && s.system().isAffineInteger() && !s.powerOfTwo();
    }

    @Override
    public void begin(long[] shape) {
        dims = shape.clone();
        position = 0;
        grow(scheme.granularity().groups(shape));
    }

    private void grow(int wanted) {
        while (groups.size() < wanted) {
            groups.add(new float[32]);
        }
        counts = Arrays.copyOf(counts, Math.max(counts.length, wanted));
    }

    @Override
    public void accept(float[] values, int from, int to) {
        for (int i = from; i < to; i++) {
            add(scheme.granularity().group(position++, dims), values[i]);
        }
    }

    private void add(int group, float value) {
        float[] all = groups.get(group);
        if (counts[group] == all.length) {
            all = Arrays.copyOf(all, 2 * all.length);
            groups.set(group, all);
        }
        all[counts[group]++] = value;
    }

    @Override
    public void merge(Sketch other) {
        FittedGroups o = (FittedGroups) other;
        grow(o.counts.length);
        for (int g = 0; g < o.counts.length; g++) {
            for (int i = 0; i < o.counts[g]; i++) {
                add(g, o.groups.get(g)[i]);
            }
        }
    }

    @Override
    public QuantizationParameters render(Scheme wanted) {
        if (counts.length == 0) {
            return wanted.cover(0, 0);
        }
        float[] scales = new float[counts.length];
        float[] zeroPoints = new float[counts.length];
        for (int g = 0; g < counts.length; g++) {
            float[] values = Arrays.copyOf(groups.get(g), counts[g]);
            // Whatever order they came in, sums are the same.
            Arrays.sort(values);
            ScaleAndZeroPoint best = best(wanted, values);
            scales[g] = (float) best.scale();
            zeroPoints[g] = (float) best.zeroPoint();
        }
        return new QuantizationParameters(scales, zeroPoints);
    }

    private ScaleAndZeroPoint best(Scheme wanted, float[] sorted) {
        double low = sorted.length == 0 ? 0 : Math.min(0, sorted[0]);
        double high = sorted.length == 0 ? 0 : Math.max(0, sorted[sorted.length - 1]);
        ScaleAndZeroPoint best = wanted.system().cover(new Range(low, high), wanted);
        if (low == high) {
            return best;
        }
        double magnitude = rootMeanSquare(sorted);
        double least = cost(wanted, sorted, magnitude, best);
        double codes = (double) wanted.quantMax() - wanted.quantMin();
        ScaleAndZeroPoint start = best;
        for (int s = -STEPS / 2; s <= STEPS; s++) {
            double scale = start.scale() * codes / (codes + STEP * s * (wanted.symmetric() ? 2 : 1));
            ScaleAndZeroPoint tried = new ScaleAndZeroPoint(scale, zeroPoint(wanted, low, scale));
            for (ScaleAndZeroPoint p : List.of(tried, fitted(wanted, sorted, tried))) {
                double cost = usable(p) ? cost(wanted, sorted, magnitude, p) : Double.POSITIVE_INFINITY;
                if (cost < least) {
                    least = cost;
                    best = p;
                }
            }
        }
        return best;
    }

    private static boolean usable(ScaleAndZeroPoint p) {
        return (float) p.scale() > 0 && !Float.isInfinite((float) p.scale());
    }

    private static double zeroPoint(Scheme wanted, double low, double scale) {
        return wanted.symmetric()
                ? 0
                : Math.max(wanted.quantMin(), Math.min(wanted.quantMax(), Math.rint(wanted.quantMin() - low / scale)));
    }

    /** The scale that is best for the codes that another one gives: s = sum (c - z) w / sum (c - z)^2. */
    private static ScaleAndZeroPoint fitted(Scheme wanted, float[] values, ScaleAndZeroPoint p) {
        double product = 0;
        double square = 0;
        for (float w : values) {
            double code = wanted.system().code(w, (float) p.scale(), (float) p.zeroPoint(), wanted) - p.zeroPoint();
            product += code * w;
            square += code * code;
        }
        return square > 0 ? new ScaleAndZeroPoint(product / square, p.zeroPoint()) : p;
    }

    private static double rootMeanSquare(float[] values) {
        double square = 0;
        for (float w : values) {
            square += (double) w * w;
        }
        return Math.sqrt(square / values.length);
    }

    private double cost(Scheme wanted, float[] values, double magnitude, ScaleAndZeroPoint p) {
        float[] rounded = values.clone();
        wanted.system().fakeQuantize(rounded, 0, rounded.length, (float) p.scale(), (float) p.zeroPoint(), wanted);
        double sum = 0;
        for (int i = 0; i < values.length; i++) {
            sum += cost.of(values[i], (double) values[i] - rounded[i], magnitude);
        }
        return sum;
    }
}
