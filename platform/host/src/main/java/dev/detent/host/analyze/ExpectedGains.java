package dev.detent.host.analyze;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What the outputs of a quantized network may be expected to gain when one unit of it is put in float.
 *
 * <p>To the first order the network's error e is the sum of what its units make alone: without a unit whose error is a,
 * |e - a|² is left of |e|². That is |a|² less, and what a has in common with the errors of all others, twice their
 * product. The product is noisy: on a few samples errors that have nothing to do with one another happen to point the
 * same way. It is therefore taken for as much as all units' products together are larger than their standard errors
 * explain (James and Stein's estimator). Measured on mobilenetv2 against an exported file with one layer at a time in
 * float, on 128 images: docs/analysis.md.
 */
final class ExpectedGains {

    /** In dB: more is not told apart from everything. */
    private static final double MOST = 30;

    private ExpectedGains() {}

    /**
     * Gains in dB, by unit.
     *
     * @param total power of the network's error, by sample
     * @param own power of the unit's error, by unit and sample
     * @param rest power of the network's error without the unit's, by unit and sample
     */
    static List<Double> of(double[] total, double[][] own, double[][] rest) {
        double all = Arrays.stream(total).sum();
        double luck = 0;
        double seen = 0;
        double[] common = new double[own.length];
        for (int u = 0; u < own.length; u++) {
            double[] products = new double[total.length];
            for (int i = 0; i < total.length; i++) {
                products[i] = total[i] - own[u][i] - rest[u][i];
            }
            common[u] = Arrays.stream(products).sum() / all;
            if (Double.isFinite(common[u])) {
                luck += square(standardError(products) / all);
                seen += square(common[u]);
            }
        }
        double sure = seen == 0 || total.length < 2 ? 0 : Math.max(0, 1 - luck / seen);
        List<Double> gains = new ArrayList<>();
        for (int u = 0; u < own.length; u++) {
            double left = 1 - Arrays.stream(own[u]).sum() / all - sure * common[u];
            gains.add(Double.isFinite(left) ? Math.min(MOST, -10 * Math.log10(Math.max(left, 1e-9))) : 0);
        }
        return gains;
    }

    /** Of the sum of the values. */
    private static double standardError(double[] values) {
        double mean = Arrays.stream(values).average().orElse(0);
        double squares = Arrays.stream(values).map(v -> square(v - mean)).sum();
        return Math.sqrt(values.length * squares / Math.max(1, values.length - 1));
    }

    private static double square(double x) {
        return x * x;
    }
}
