package dev.detent.passes.tuning;

import java.util.Arrays;
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

    /** Rounds a weight of the channel at hand to its grid. */
    @FunctionalInterface
    interface Grid {
        float round(float weight);
    }

    private final int size;
    private final double[] moments;
    private final int[] order;
    /** U_kj / U_kk in the order of rounding. */
    private final float[][] feedback;

    /** @param moments H, row by row; not kept by the caller */
    GptqRounding(double[] moments, int size) {
        this.size = size;
        this.moments = moments;
        double trace = 0;
        for (int i = 0; i < size; i++) {
            trace += moments[i * size + i];
        }
        this.order = IntStream.range(0, size)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> -moments[i * size + i]))
                .mapToInt(i -> i)
                .toArray();
        this.feedback = trace > 0 ? factor(DAMPING * trace / size) : new float[size][0];
    }

    /** H = R R^T with R upper triangular (Cholesky from the last row up); then H^-1 = R^-T R^-1, so U = R^-1. */
    private float[][] factor(double damping) {
        double[][] r = new double[size][];
        for (int i = 0; i < size; i++) {
            r[i] = new double[size - i];
            for (int j = i; j < size; j++) {
                r[i][j - i] = moments[order[i] * size + order[j]] + (i == j ? damping : 0);
            }
        }
        // Column by column from the last: the entries above the diagonal are divided, then taken out of the columns
        // before.
        for (int k = size - 1; k >= 0; k--) {
            double pivot = Math.sqrt(r[k][0]);
            r[k][0] = pivot;
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

    /** The rounded weights; nearest rounding where that leaves no larger error. */
    float[] round(float[] weights, Grid grid) {
        float[] nearest = new float[size];
        for (int i = 0; i < size; i++) {
            nearest[i] = grid.round(weights[i]);
        }
        float[] left = new float[size];
        for (int k = 0; k < size; k++) {
            left[k] = weights[order[k]];
        }
        float[] rounded = new float[size];
        for (int k = 0; k < size; k++) {
            float q = grid.round(left[k]);
            rounded[order[k]] = q;
            float error = left[k] - q;
            float[] row = feedback[k];
            for (int j = 1; j < row.length; j++) {
                left[k + j] -= error * row[j];
            }
        }
        return error(weights, rounded) < error(weights, nearest) ? rounded : nearest;
    }

    /** (w - q) H (w - q)^T. */
    double error(float[] weights, float[] rounded) {
        double[] d = new double[size];
        Arrays.setAll(d, i -> (double) weights[i] - rounded[i]);
        double sum = 0;
        for (int i = 0; i < size; i++) {
            double row = 0;
            for (int j = 0; j < size; j++) {
                row += moments[i * size + j] * d[j];
            }
            sum += d[i] * row;
        }
        return sum;
    }
}
