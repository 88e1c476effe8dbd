package dev.detent.passes.tuning;

import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.ScaleAndZeroPoint;
import dev.detent.spi.quant.Scheme;
import java.util.stream.IntStream;

/**
 * Chooses scale and zero point of every group of weights by what rounding to their grid costs at the layer's output:
 * the least sum of importance x squared rounding error, the importance from the second moments of the layer's input.
 * Any number system; where scales are powers of two, exponents are tried.
 */
final class ScaleSearch {

    private final Scheme scheme;
    private final float[] values;
    private final double[] importance;
    private final int[][] members;

    /** @param groups of each value */
    ScaleSearch(Scheme scheme, float[] values, double[] importance, int[] groups, int count) {
        this.scheme = scheme;
        this.values = values;
        this.importance = importance;
        int[] sizes = new int[count];
        for (int g : groups) {
            sizes[g]++;
        }
        this.members = new int[count][];
        for (int g = 0; g < count; g++) {
            members[g] = new int[sizes[g]];
        }
        for (int i = groups.length - 1; i >= 0; i--) {
            members[groups[i]][--sizes[groups[i]]] = i;
        }
    }

    /**
     * The best parameters.
     *
     * @param now those there are
     * @param least the smallest scale that each group may have
     */
    QuantizationParameters search(QuantizationParameters now, double[] least) {
        float[] scales = now.scales();
        float[] zeroPoints = now.zeroPoints();
        IntStream.range(0, members.length).parallel().forEach(g -> {
            ScaleAndZeroPoint best = best(g, now.scale(g), now.zeroPoint(g), least[g]);
            scales[g] = (float) best.scale();
            zeroPoints[g] = (float) best.zeroPoint();
        });
        return new QuantizationParameters(scales, zeroPoints);
    }

    private ScaleAndZeroPoint best(int group, float scale, float zeroPoint, double least) {
        int[] of = members[group];
        float[] exact = new float[of.length];
        for (int i = 0; i < of.length; i++) {
            exact[i] = values[of[i]];
        }
        ScaleAndZeroPoint best = new ScaleAndZeroPoint(scale, zeroPoint);
        double lowest = error(of, exact, best);
        for (ScaleAndZeroPoint c : ScaleCandidates.of(scheme, scale, zeroPoint)) {
            if (c.scale() >= least) {
                double error = error(of, exact, c);
                if (error < lowest) {
                    lowest = error;
                    best = c;
                }
            }
        }
        return best;
    }

    private double error(int[] of, float[] exact, ScaleAndZeroPoint c) {
        float[] rounded = exact.clone();
        scheme.system().fakeQuantize(rounded, 0, rounded.length, (float) c.scale(), (float) c.zeroPoint(), scheme);
        double sum = 0;
        for (int i = 0; i < of.length; i++) {
            double d = (double) exact[i] - rounded[i];
            sum += importance[of[i]] * d * d;
        }
        return sum;
    }
}
