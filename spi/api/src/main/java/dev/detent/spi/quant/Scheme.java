package dev.detent.spi.quant;

import java.util.OptionalInt;
import java.util.function.IntUnaryOperator;

/**
 * How one tensor is quantized. Immutable; the constructor refuses impossible combinations.
 *
 * @param bits 2 to 32
 * @param quantMin smallest code; of a floating-point system the smallest number at scale 1
 * @param quantMax largest code; of a floating-point system the largest number at scale 1
 * @param symmetric zero point is 0
 * @param axis channel axis when per-channel, empty when per-tensor
 * @param block of a matrix with a channel axis: so many elements of a channel, in order, share a scale; empty when all
 *     of them do
 * @param powerOfTwo scales are powers of two
 */
public record Scheme(
        NumberSystem system,
        int bits,
        long quantMin,
        long quantMax,
        boolean symmetric,
        OptionalInt axis,
        OptionalInt block,
        boolean powerOfTwo,
        ScaleRule scaleRule,
        Rounding rounding) {

    /** Shorter runs of one channel are quantized column by column. */
    private static final int SHORT = 32;
    /** Rows and columns at a time: a few lines of the cache wide, and small enough for the first one. */
    private static final int TILE = 64;

    private static final int COLUMNS = 64;

    public Scheme {
        if (bits < 2 || bits > 32) {
            throw new IllegalArgumentException("bits must be 2 to 32, not " + bits);
        }
        if (quantMin >= quantMax) {
            throw new IllegalArgumentException("quantMin " + quantMin + " must lie below quantMax " + quantMax);
        }
        if (symmetric && (quantMin > 0 || quantMax < 0)) {
            throw new IllegalArgumentException(
                    "a symmetric scheme needs code 0 in [" + quantMin + ", " + quantMax + "]");
        }
        if (block.isPresent() && (axis.isEmpty() || axis.getAsInt() > 1 || block.getAsInt() < 1)) {
            throw new IllegalArgumentException("blocks need a channel axis of a matrix and a positive size");
        }
    }

    /** Symmetric, per-tensor, half to even, PPQ's scale rule. */
    public static Scheme symmetric(int bits, long quantMin, long quantMax) {
        return new Scheme(
                LinearInteger.INSTANCE,
                bits,
                quantMin,
                quantMax,
                true,
                OptionalInt.empty(),
                OptionalInt.empty(),
                false,
                ScaleRule.SPAN,
                Rounding.HALF_EVEN);
    }

    /** Asymmetric, per-tensor, half to even. */
    public static Scheme asymmetric(int bits, long quantMin, long quantMax) {
        return new Scheme(
                LinearInteger.INSTANCE,
                bits,
                quantMin,
                quantMax,
                false,
                OptionalInt.empty(),
                OptionalInt.empty(),
                false,
                ScaleRule.SPAN,
                Rounding.HALF_EVEN);
    }

    /**
     * Floating-point codes of 8 bits, per tensor; the scale maps the largest magnitude onto the format's largest
     * number.
     */
    public static Scheme floating(FloatingPoint format) {
        return new Scheme(
                format,
                8,
                -(long) format.max(),
                (long) format.max(),
                true,
                OptionalInt.empty(),
                OptionalInt.empty(),
                false,
                ScaleRule.MAGNITUDE,
                Rounding.HALF_EVEN);
    }

    public boolean isPerChannel() {
        return axis.isPresent();
    }

    public Scheme perChannel(int channelAxis) {
        return new Scheme(
                system,
                bits,
                quantMin,
                quantMax,
                symmetric,
                OptionalInt.of(channelAxis),
                block,
                powerOfTwo,
                scaleRule,
                rounding);
    }

    /** Blocks of {@code size} elements of a channel; the tensor must be a matrix. */
    public Scheme inBlocks(int size) {
        return new Scheme(
                system,
                bits,
                quantMin,
                quantMax,
                symmetric,
                axis,
                OptionalInt.of(size),
                powerOfTwo,
                scaleRule,
                rounding);
    }

    public Scheme perTensor() {
        return new Scheme(
                system,
                bits,
                quantMin,
                quantMax,
                symmetric,
                OptionalInt.empty(),
                OptionalInt.empty(),
                powerOfTwo,
                scaleRule,
                rounding);
    }

    public Scheme withPowerOfTwo() {
        return new Scheme(system, bits, quantMin, quantMax, symmetric, axis, block, true, scaleRule, rounding);
    }

    /** The same scheme in another number system. */
    public Scheme in(NumberSystem newSystem) {
        return new Scheme(newSystem, bits, quantMin, quantMax, symmetric, axis, block, powerOfTwo, scaleRule, rounding);
    }

    public Scheme with(Rounding newRounding) {
        return new Scheme(system, bits, quantMin, quantMax, symmetric, axis, block, powerOfTwo, scaleRule, newRounding);
    }

    public Scheme with(ScaleRule newRule) {
        return new Scheme(system, bits, quantMin, quantMax, symmetric, axis, block, powerOfTwo, newRule, rounding);
    }

    public Scheme withRange(int newBits, long newMin, long newMax) {
        return new Scheme(system, newBits, newMin, newMax, symmetric, axis, block, powerOfTwo, scaleRule, rounding);
    }

    /** Number of codes. */
    public long levels() {
        return quantMax - quantMin + 1;
    }

    /** Parameters of one pair that cover [min, max]. */
    public QuantizationParameters cover(double min, double max) {
        double[] p = system.cover(min, max, this);
        return QuantizationParameters.of((float) p[0], (float) p[1]);
    }

    /** Parameters of one pair per channel. */
    public QuantizationParameters cover(double[] min, double[] max) {
        float[] scales = new float[min.length];
        float[] zeroPoints = new float[min.length];
        for (int c = 0; c < min.length; c++) {
            double[] p = system.cover(min[c], max[c], this);
            scales[c] = (float) p[0];
            zeroPoints[c] = (float) p[1];
        }
        return new QuantizationParameters(scales, zeroPoints);
    }

    /** Quantize-dequantizes a whole tensor in place; {@code dims} is its shape. */
    public void fakeQuantize(float[] values, long[] dims, QuantizationParameters parameters) {
        if (axis.isEmpty() || parameters.channels() == 1) {
            system.fakeQuantize(values, 0, values.length, parameters.scale(0), parameters.zeroPoint(0), this);
            return;
        }
        int channels = parameters.channels();
        int stride = channelStride(dims);
        if (block.isPresent()) {
            blocks(values, (int) dims[0], (int) dims[1], parameters);
        } else if (stride < SHORT) {
            int columns = channels * stride;
            for (int row = 0; row < values.length / columns; row += TILE) {
                columns(
                        values,
                        row,
                        Math.min(TILE, values.length / columns - row),
                        columns,
                        j -> j / stride,
                        parameters);
            }
        } else {
            for (int from = 0, i = 0; from < values.length; from += stride, i++) {
                run(values, from, from + stride, i % channels, parameters);
            }
        }
    }

    private void blocks(float[] values, int rows, int columns, QuantizationParameters parameters) {
        int size = block.getAsInt();
        int blocks = blocks(new long[] {rows, columns});
        if (axis.getAsInt() == 0) {
            for (int row = 0; row < rows; row++) {
                for (int at = 0; at < columns; at += size) {
                    run(
                            values,
                            row * columns + at,
                            row * columns + Math.min(columns, at + size),
                            row * blocks + at / size,
                            parameters);
                }
            }
        } else {
            for (int row = 0; row < rows; row += size) {
                int inChannel = row / size;
                columns(values, row, Math.min(size, rows - row), columns, j -> j * blocks + inChannel, parameters);
            }
        }
    }

    /**
     * Some rows of a matrix by columns, a few at a time, which are copied out: number systems are fast on long runs of
     * one pair of parameters only.
     */
    private void columns(
            float[] values,
            int first,
            int rows,
            int columns,
            IntUnaryOperator group,
            QuantizationParameters parameters) {
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
                run(tile, j * rows, (j + 1) * rows, group.applyAsInt(left + j), parameters);
            }
            for (int i = 0; i < rows; i++) {
                int at = (first + i) * columns + left;
                for (int j = 0; j < width; j++) {
                    values[at + j] = tile[j * rows + i];
                }
            }
        }
    }

    private void run(float[] values, int from, int to, int group, QuantizationParameters parameters) {
        system.fakeQuantize(values, from, to, parameters.scale(group), parameters.zeroPoint(group), this);
    }

    /**
     * Which pair of parameters element {@code index} of a tensor in C order has. Blocks are counted channel by channel.
     */
    public int group(int index, long[] dims) {
        if (axis.isEmpty()) {
            return 0;
        }
        if (block.isEmpty()) {
            return index / channelStride(dims) % (int) dims[axis.getAsInt()];
        }
        int columns = (int) dims[1];
        int channel = axis.getAsInt() == 0 ? index / columns : index % columns;
        int position = axis.getAsInt() == 0 ? index % columns : index / columns;
        return channel * blocks(dims) + position / block.getAsInt();
    }

    /** Blocks of a channel, the last one perhaps shorter; 1 without blocks. */
    public int blocks(long[] dims) {
        return block.isEmpty() ? 1 : (int) ((dims[1 - axis.getAsInt()] + block.getAsInt() - 1) / block.getAsInt());
    }

    /** Elements between two channels: the channel of flat index i is (i / stride) mod channels. */
    public int channelStride(long[] dims) {
        long stride = 1;
        for (int d = axis.orElseThrow() + 1; d < dims.length; d++) {
            stride *= dims[d];
        }
        return Math.toIntExact(stride);
    }

    @Override
    public String toString() {
        return system.id() + " " + bits + " bit [" + quantMin + ", " + quantMax + "] "
                + (symmetric ? "symmetric" : "asymmetric")
                + (axis.isPresent() ? " per channel " + axis.getAsInt() : " per tensor")
                + (block.isPresent() ? " in blocks of " + block.getAsInt() : "") + (powerOfTwo ? " power of two" : "");
    }
}
