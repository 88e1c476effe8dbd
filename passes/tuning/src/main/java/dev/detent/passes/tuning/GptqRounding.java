package dev.detent.passes.tuning;

import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Rounds the weights of one output channel one after the other and lets those that are still free make up for the error
 * so far (GPTQ, Frantar et al. 2023, after optimal brain surgery): least (w - q) H (w - q)^T, greedily, with H the
 * second moments of the inputs. With H^-1 = U^T U and U upper triangular, rounding column k with error e changes every
 * later column j by -e U_kj / U_kk. Columns go in order of falling H_kk. Immutable; serves any number of threads.
 */
final class GptqRounding {

    /** Part of the mean of H's diagonal that is added to it: directions without data stay where they are. */
    private static final double DAMPING = 0.01;

    /** Rounds a weight of the channel at hand to its grid, which may be another one for every column. */
    @FunctionalInterface
    interface Grid {
        float round(float weight, int column);
    }

    private final int size;
    /** With the damping. */
    private final double[] moments;

    private final int[] order;
    /** R_kk = 1 / U_kk in the order of rounding; 0 where there was no data. */
    private final double[] pivots;
    /** U_kj / U_kk in the order of rounding. */
    private final float[][] feedback;

    private GptqRounding(double[] moments, int size, int[] order, double[] pivots, float[][] feedback) {
        this.moments = moments;
        this.size = size;
        this.order = order;
        this.pivots = pivots;
        this.feedback = feedback;
    }

    /** @param moments H, row by row; not kept by the caller */
    static GptqRounding of(double[] moments, int size) {
        double trace = 0;
        for (int i = 0; i < size; i++) {
            trace += moments[i * size + i];
        }
        int[] order = IntStream.range(0, size)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> -moments[i * size + i]))
                .mapToInt(i -> i)
                .toArray();
        if (!(trace > 0)) {
            return new GptqRounding(moments, size, order, new double[size], new float[size][0]);
        }
        for (int i = 0; i < size; i++) {
            moments[i * size + i] += DAMPING * trace / size;
        }
        double[] pivots = new double[size];
        return new GptqRounding(moments, size, order, pivots, factor(moments, order, pivots));
    }

    /** H = R R^T with R upper triangular (Cholesky from the last row up); then H^-1 = R^-T R^-1, so U = R^-1. */
    private static float[][] factor(double[] moments, int[] order, double[] pivots) {
        int size = order.length;
        double[][] r = new double[size][];
        for (int i = 0; i < size; i++) {
            r[i] = new double[size - i];
            for (int j = i; j < size; j++) {
                r[i][j - i] = moments[order[i] * size + order[j]];
            }
        }
        // Column by column from the last: the entries above the diagonal are divided, then taken out of the columns
        // before.
        for (int k = size - 1; k >= 0; k--) {
            double pivot = Math.sqrt(r[k][0]);
            r[k][0] = pivot;
            pivots[k] = pivot;
            double[] column = new double[k];
            for (int i = 0; i < k; i++) {
                r[i][k - i] /= pivot;
                column[i] = r[i][k - i];
            }
            for (int i = 0; i < k; i++) {
                subtract(r[i], column, i, k);
            }
        }
        // U = R^-1 by rows, each times R_kk: the diagonal is 1, and U R = 1 gives the rest of a row from left to right.
        float[][] u = new float[size][];
        for (int k = 0; k < size; k++) {
            double[] row = new double[size - k];
            for (int m = k; m < size; m++) {
                double v = m == k ? 1 : -row[m - k] / r[m][0];
                row[m - k] = v;
                double[] rm = r[m];
                for (int j = 1; j < rm.length; j++) {
                    row[m - k + j] += v * rm[j];
                }
            }
            u[k] = toFloats(row);
        }
        return u;
    }

    /** Row i less column k: r_ij -= r_ik r_jk for i <= j < k. */
    private static void subtract(double[] row, double[] column, int i, int k) {
        double factor = column[i];
        for (int j = 0; j < k - i; j++) {
            row[j] -= factor * column[i + j];
        }
    }

    private static float[] toFloats(double[] row) {
        float[] f = new float[row.length];
        for (int i = 0; i < f.length; i++) {
            f[i] = (float) row[i];
        }
        return f;
    }

    /**
     * What an error of each weight costs when the weights rounded after it make up for it as well as they can: the
     * squared pivots. That is 1 / (H^-1)_kk at the first, for which all others are free, and H_kk at the last.
     */
    double[] importance() {
        double[] all = new double[size];
        for (int k = 0; k < size; k++) {
            all[order[k]] = pivots[k] * pivots[k];
        }
        return all;
    }

    /** v H^-1: how weights must change to make v H^-1 x^ out of x^. */
    double[] solve(double[] v) {
        double[] solved = new double[size];
        if (feedback[0].length == 0) {
            return solved;
        }
        for (int k = 0; k < size; k++) {
            double sum = 0;
            float[] u = feedback[k];
            for (int j = 0; j < u.length; j++) {
                sum += v[order[k + j]] * u[j];
            }
            // Both rows of U are U_kk times the feedback.
            sum /= pivots[k] * pivots[k];
            for (int j = 0; j < u.length; j++) {
                solved[order[k + j]] += sum * u[j];
            }
        }
        return solved;
    }

    /**
     * The rounded weights; nearest rounding where that leaves no larger error. Then weights are looked at one by one,
     * each set to the value that is best while the others stay (coordinate descent, as in COMQ, Zhang et al. 2024).
     *
     * @param sweeps at most so many looks at every weight
     */
    float[] round(float[] weights, Grid grid, int sweeps) {
        float[] nearest = new float[size];
        for (int i = 0; i < size; i++) {
            nearest[i] = grid.round(weights[i], i);
        }
        float[] left = new float[size];
        for (int k = 0; k < size; k++) {
            left[k] = weights[order[k]];
        }
        float[] rounded = new float[size];
        for (int k = 0; k < size; k++) {
            float q = grid.round(left[k], order[k]);
            rounded[order[k]] = q;
            float error = left[k] - q;
            float[] row = feedback[k];
            for (int j = 1; j < row.length; j++) {
                left[k + j] -= error * row[j];
            }
        }
        double[] slope = slope(weights, rounded);
        double[] nearestSlope = slope(weights, nearest);
        if (error(weights, rounded, slope) < error(weights, nearest, nearestSlope)) {
            descend(rounded, slope, grid, sweeps);
            return rounded;
        }
        descend(nearest, nearestSlope, grid, sweeps);
        return nearest;
    }

    /** @param slope of the rounded weights; changes with them */
    private void descend(float[] rounded, double[] slope, Grid grid, int sweeps) {
        boolean changed = true;
        for (int s = 0; s < sweeps && changed; s++) {
            changed = false;
            for (int k : order) {
                double curvature = moments[k * size + k];
                if (!(curvature > 0)) {
                    continue;
                }
                float q = grid.round((float) (rounded[k] + slope[k] / curvature), k);
                double change = (double) q - rounded[k];
                if (change != 0 && change * (change * curvature - 2 * slope[k]) < 0) {
                    rounded[k] = q;
                    changed = true;
                    subtract(slope, change, k * size);
                }
            }
        }
    }

    /** H (w - q), row by row of the symmetric H: the inner loop has no sum that waits for itself. */
    private double[] slope(float[] weights, float[] rounded) {
        double[] slope = new double[size];
        for (int i = 0; i < size; i++) {
            double d = (double) weights[i] - rounded[i];
            if (d != 0) {
                subtract(slope, -d, i * size);
            }
        }
        return slope;
    }

    /** slope -= change x a row of H. */
    private void subtract(double[] slope, double change, int row) {
        for (int j = 0; j < slope.length; j++) {
            slope[j] -= change * moments[row + j];
        }
    }

    /** (w - q) H (w - q)^T. */
    double error(float[] weights, float[] rounded) {
        return error(weights, rounded, slope(weights, rounded));
    }

    private double error(float[] weights, float[] rounded, double[] slope) {
        double sum = 0;
        for (int i = 0; i < size; i++) {
            sum += ((double) weights[i] - rounded[i]) * slope[i];
        }
        return sum;
    }
}
