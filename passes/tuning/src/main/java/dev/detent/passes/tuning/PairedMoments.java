package dev.detent.passes.tuning;

import dev.detent.spi.quant.Range;
import dev.detent.spi.run.Block;
import java.util.Arrays;

/**
 * First and second moments of what a weighted operator multiplies its weights with: of x^, what it reads in the
 * quantized network, and of e = x - x^, what that lacks of the float network's x. Columns are cut into blocks, each
 * with matrices of its own; what columns of different blocks have in common is not recorded.
 */
final class PairedMoments implements Block.PairSketch<PairedMoments> {

    private final Im2Col patches;
    private final int[] blocks;
    private final int perSample;
    private final Range range;
    private final double[][] means;
    private final double[][] errors;
    /** Sums of x^ x^T, the upper triangle. */
    private final double[][] products;
    /** Sums of e x^T. */
    private final double[][] crosses;

    private long count;

    /**
     * @param limit most columns of a block
     * @param perSample at most so many positions of a sample, evenly spread
     * @param range what the operator can read; a value of the float network beyond it counts as its nearer end
     */
    PairedMoments(Im2Col patches, int limit, int perSample, Range range) {
        this.patches = patches;
        this.blocks = patches.blocks(limit);
        this.perSample = perSample;
        this.range = range;
        int matrices = patches.groups() * (blocks.length - 1);
        this.means = new double[matrices][];
        this.errors = new double[matrices][];
        this.products = new double[matrices][];
        this.crosses = new double[matrices][];
        for (int i = 0; i < matrices; i++) {
            int width = width(i);
            means[i] = new double[width];
            errors[i] = new double[width];
            products[i] = new double[width * width];
            crosses[i] = new double[width * width];
        }
    }

    @Override
    public void accept(float[] exact, float[] quantized, long[] shape) {
        int positions = patches.positions(shape);
        int taken = Math.min(perSample, positions);
        // Padded with zeros to fours, which add nothing.
        int padded = (taken + 3) / 4 * 4;
        float[][] x = new float[padded][patches.columns()];
        float[][] e = new float[padded][patches.columns()];
        for (int group = 0; group < patches.groups(); group++) {
            for (int p = 0; p < taken; p++) {
                int position = (int) ((2L * p + 1) * positions / (2L * taken));
                patches.copy(quantized, shape, position, group, x[p]);
                patches.copy(exact, shape, position, group, e[p]);
                for (int c = 0; c < patches.columns(); c++) {
                    e[p][c] = (float) Math.max(range.low(), Math.min(range.high(), e[p][c])) - x[p][c];
                }
            }
            for (int b = 0; b + 1 < blocks.length; b++) {
                add(group * (blocks.length - 1) + b, x, e);
            }
        }
        count += taken;
    }

    private void add(int index, float[][] x, float[][] e) {
        int width = width(index);
        int from = blocks[index % (blocks.length - 1)];
        float[][] columns = new float[x.length][];
        for (int p = 0; p < x.length; p++) {
            columns[p] = Arrays.copyOfRange(x[p], from, from + width);
            for (int c = 0; c < width; c++) {
                means[index][c] += columns[p][c];
                errors[index][c] += e[p][from + c];
            }
        }
        float[] product = new float[width];
        float[] cross = new float[width];
        for (int i = 0; i < width; i++) {
            Arrays.fill(product, 0);
            Arrays.fill(cross, 0);
            for (int p = 0; p < x.length; p += 4) {
                add(product, i, columns, p, columns[p][i], columns[p + 1][i], columns[p + 2][i], columns[p + 3][i]);
                int at = from + i;
                add(cross, 0, columns, p, e[p][at], e[p + 1][at], e[p + 2][at], e[p + 3][at]);
            }
            for (int j = 0; j < width; j++) {
                products[index][i * width + j] += product[j];
                crosses[index][i * width + j] += cross[j];
            }
        }
    }

    private static void add(float[] row, int from, float[][] x, int p, float a, float b, float c, float d) {
        if (a == 0 && b == 0 && c == 0 && d == 0) {
            return;
        }
        float[] x0 = x[p];
        float[] x1 = x[p + 1];
        float[] x2 = x[p + 2];
        float[] x3 = x[p + 3];
        for (int j = from; j < row.length; j++) {
            row[j] += a * x0[j] + b * x1[j] + c * x2[j] + d * x3[j];
        }
    }

    @Override
    public void merge(PairedMoments other) {
        count += other.count;
        add(means, other.means);
        add(errors, other.errors);
        add(products, other.products);
        add(crosses, other.crosses);
    }

    private static void add(double[][] to, double[][] from) {
        for (int i = 0; i < to.length; i++) {
            for (int j = 0; j < to[i].length; j++) {
                to[i][j] += from[i][j];
            }
        }
    }

    int blockCount() {
        return blocks.length - 1;
    }

    /** First column of a block; the number of columns for the block after the last. */
    int start(int block) {
        return blocks[block];
    }

    private int width(int index) {
        int b = index % (blocks.length - 1);
        return blocks[b + 1] - blocks[b];
    }

    private double[] mean(double[] sums) {
        return Arrays.stream(sums).map(s -> s / Math.max(1, count)).toArray();
    }

    /** E[x^] of a block of a group. */
    double[] mean(int group, int block) {
        return mean(means[group * blockCount() + block]);
    }

    /** E[x - x^] of a block of a group. */
    double[] meanError(int group, int block) {
        return mean(errors[group * blockCount() + block]);
    }

    /** E[x^ x^T] of a block of a group, row by row. */
    double[] moments(int group, int block) {
        double[] all = mean(products[group * blockCount() + block]);
        int width = width(block);
        for (int i = 0; i < width; i++) {
            for (int j = 0; j < i; j++) {
                all[i * width + j] = all[j * width + i];
            }
        }
        return all;
    }

    /** E[(x - x^) x^T] of a block of a group, row by row. */
    double[] crossMoments(int group, int block) {
        return mean(crosses[group * blockCount() + block]);
    }
}
