package dev.detent.passes.tuning;

import dev.detent.spi.observe.Sketch;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.observe.BufferedBatchSketch;
import java.util.Arrays;

/**
 * Sums x and x x^T over patches of a weighted operator's input, x as the quantized operator sees it: integer codes less
 * the zero point. Integers make the sums exact, so neither the order of samples nor the number of threads matters.
 * Columns are cut into blocks, each with a matrix of its own; what columns of different blocks have in common is not
 * recorded.
 */
final class InputSecondMoments extends BufferedBatchSketch {

    /**
     * Codes beyond this magnitude are coarsened: products of two stay below 2^16, and 256 of those are exact in a
     * float.
     */
    private static final int LARGEST_CODE = 255;

    private static final int EXACT_SUMS = 256;

    private final Im2Col patches;
    private final int[] blocks;
    private final int perSample;
    private final float step;
    private final float lowest;
    private final float highest;
    private final double[][] sums;
    private final double[][] products;
    /** Products of the patches since the last transfer. */
    private final float[][] recent;

    private long count;

    /**
     * @param limit most columns of a block
     * @param perSample at most so many positions of a sample, evenly spread
     */
    InputSecondMoments(Im2Col patches, int limit, int perSample, Scheme scheme, QuantizationParameters parameters) {
        this.patches = patches;
        this.blocks = patches.blocks(limit);
        this.perSample = perSample;
        double zeroPoint = parameters.zeroPoint(0);
        double magnitude = Math.max(scheme.quantMax() - zeroPoint, zeroPoint - scheme.quantMin());
        double coarser = Math.max(1, magnitude / LARGEST_CODE);
        this.step = (float) (parameters.scale(0) * coarser);
        this.lowest = (float) Math.ceil((scheme.quantMin() - zeroPoint) / coarser);
        this.highest = (float) Math.floor((scheme.quantMax() - zeroPoint) / coarser);
        int count = patches.groups() * (blocks.length - 1);
        this.sums = new double[count][];
        this.products = new double[count][];
        this.recent = new float[count][];
        for (int i = 0; i < count; i++) {
            int width = width(i);
            sums[i] = new double[width];
            products[i] = new double[width * width];
            recent[i] = new float[width * width];
        }
    }

    /** Bytes an instance keeps. */
    static long bytes(Im2Col patches, int limit) {
        int[] blocks = patches.blocks(limit);
        long bytes = 0;
        for (int b = 1; b < blocks.length; b++) {
            bytes += 12L * (blocks[b] - blocks[b - 1]) * (blocks[b] - blocks[b - 1]);
        }
        return bytes * patches.groups();
    }

    @Override
    protected void look(float[] batch, long[] shape) {
        int positions = patches.positions(shape);
        int taken = Math.min(perSample, positions);
        float[][] four = new float[4][patches.columns()];
        for (int group = 0; group < patches.groups(); group++) {
            int waiting = 0;
            for (int p = 0; p < taken; p += 4) {
                for (int k = 0; k < 4; k++) {
                    if (p + k < taken) {
                        patches.copy(
                                batch, shape, (int) ((2L * (p + k) + 1) * positions / (2L * taken)), group, four[k]);
                        round(four[k]);
                    } else {
                        Arrays.fill(four[k], 0);
                    }
                }
                if (waiting + 4 > EXACT_SUMS) {
                    transfer(group);
                    waiting = 0;
                }
                waiting += 4;
                add(group, four);
            }
            transfer(group);
        }
        count += taken;
    }

    private void round(float[] patch) {
        for (int i = 0; i < patch.length; i++) {
            patch[i] = (float) Math.rint(Math.min(Math.max(patch[i] / step, lowest), highest));
        }
    }

    private void add(int group, float[][] four) {
        for (int b = 0; b + 1 < blocks.length; b++) {
            int index = group * (blocks.length - 1) + b;
            int from = blocks[b];
            int width = width(index);
            double[] sum = sums[index];
            for (int i = 0; i < width; i++) {
                sum[i] += four[0][from + i] + four[1][from + i] + four[2][from + i] + four[3][from + i];
            }
            float[] row = new float[width];
            float[][] x = new float[4][];
            for (int k = 0; k < 4; k++) {
                x[k] = Arrays.copyOfRange(four[k], from, from + width);
            }
            float[] all = recent[index];
            for (int i = 0; i < width; i++) {
                System.arraycopy(all, i * width, row, 0, width);
                add(row, x[0][i], x[0], x[1][i], x[1], x[2][i], x[2], x[3][i], x[3]);
                System.arraycopy(row, 0, all, i * width, width);
            }
        }
    }

    private static void add(
            float[] row, float a, float[] x, float b, float[] y, float c, float[] z, float d, float[] u) {
        for (int j = 0; j < row.length; j++) {
            row[j] += a * x[j] + b * y[j] + c * z[j] + d * u[j];
        }
    }

    private void transfer(int group) {
        for (int b = 0; b + 1 < blocks.length; b++) {
            int index = group * (blocks.length - 1) + b;
            float[] from = recent[index];
            double[] to = products[index];
            for (int i = 0; i < to.length; i++) {
                to[i] += from[i];
            }
            Arrays.fill(from, 0);
        }
    }

    @Override
    public void merge(Sketch other) {
        InputSecondMoments o = (InputSecondMoments) other;
        count += o.count;
        for (int i = 0; i < sums.length; i++) {
            add(sums[i], o.sums[i]);
            add(products[i], o.products[i]);
        }
    }

    private static void add(double[] to, double[] from) {
        for (int i = 0; i < to.length; i++) {
            to[i] += from[i];
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

    /** E[x] of a block of a group, in the units of the input. */
    double[] mean(int group, int block) {
        double[] sum = sums[group * blockCount() + block];
        return Arrays.stream(sum).map(s -> s / Math.max(1, count) * step).toArray();
    }

    /** E[x x^T] of a block of a group, row by row, in the squared units of the input. */
    double[] moments(int group, int block) {
        double unit = (double) step * step / Math.max(1, count);
        return Arrays.stream(products[group * blockCount() + block])
                .map(s -> s * unit)
                .toArray();
    }
}
