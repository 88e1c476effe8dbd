package dev.detent.support.number;

import dev.detent.spi.quant.Granularity;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import java.util.function.IntUnaryOperator;

/**
 * What a pair of QuantizeLinear and DequantizeLinear makes of a tensor in memory. Number systems are fast on long runs
 * of one scale only; here a tensor is laid out so that they get such runs, whichever way its channels or blocks lie.
 */
public final class FakeQuantization {

    /** Shorter runs of one channel are quantized column by column. */
    private static final int SHORT = 32;
    /** Rows and columns at a time: a few lines of the cache wide, and small enough for the first one. */
    private static final int TILE = 64;

    private static final int COLUMNS = 64;

    private final float[] values;
    private final Scheme scheme;
    private final QuantizationParameters parameters;

    private FakeQuantization(float[] values, Scheme scheme, QuantizationParameters parameters) {
        this.values = values;
        this.scheme = scheme;
        this.parameters = parameters;
    }

    /**
     * Replaces the values by what remains of them.
     *
     * @param values of the whole tensor, in C order
     * @param dims the tensor's shape
     * @param parameters one pair, or one per group of the scheme's granularity
     */
    public static void inPlace(float[] values, long[] dims, Scheme scheme, QuantizationParameters parameters) {
        FakeQuantization tensor = new FakeQuantization(values, scheme, parameters);
        if (!scheme.isPerChannel() || parameters.channels() == 1) {
            tensor.run(values, 0, values.length, 0);
        } else if (scheme.granularity() instanceof Granularity.PerBlock blocks) {
            tensor.blocks(dims, blocks);
        } else {
            tensor.channels(scheme.granularity().channelStride(dims));
        }
    }

    private void channels(int stride) {
        int channels = parameters.channels();
        if (stride >= SHORT) {
            for (int from = 0, i = 0; from < values.length; from += stride, i++) {
                run(values, from, from + stride, i % channels);
            }
            return;
        }
        int columns = channels * stride;
        int rows = values.length / columns;
        for (int row = 0; row < rows; row += TILE) {
            columns(row, Math.min(TILE, rows - row), columns, j -> j / stride);
        }
    }

    private void blocks(long[] dims, Granularity.PerBlock granularity) {
        int rows = (int) dims[0];
        int columns = (int) dims[1];
        int size = granularity.size();
        int blocks = granularity.blocks(dims);
        if (granularity.channelAxis() == 0) {
            for (int row = 0; row < rows; row++) {
                for (int at = 0; at < columns; at += size) {
                    int end = row * columns + Math.min(columns, at + size);
                    run(values, row * columns + at, end, row * blocks + at / size);
                }
            }
        } else {
            for (int row = 0; row < rows; row += size) {
                int inChannel = row / size;
                columns(row, Math.min(size, rows - row), columns, j -> j * blocks + inChannel);
            }
        }
    }

    /** Some rows of a matrix by columns, a few at a time, which are copied out. */
    private void columns(int first, int rows, int columns, IntUnaryOperator group) {
        float[] tile = new float[rows * Math.min(COLUMNS, columns)];
        for (int left = 0; left < columns; left += COLUMNS) {
            int width = Math.min(COLUMNS, columns - left);
            for (int i = 0; i < rows; i++) {
                int at = (first + i) * columns + left;
                for (int j = 0; j < width; j++) {
                    tile[j * rows + i] = values[at + j];
                }
            }
            for (int j = 0; j < width; j++) {
                run(tile, j * rows, (j + 1) * rows, group.applyAsInt(left + j));
            }
            for (int i = 0; i < rows; i++) {
                int at = (first + i) * columns + left;
                for (int j = 0; j < width; j++) {
                    values[at + j] = tile[j * rows + i];
                }
            }
        }
    }

    private void run(float[] array, int from, int to, int group) {
        scheme.system().fakeQuantize(array, from, to, parameters.scale(group), parameters.zeroPoint(group), scheme);
    }
}
