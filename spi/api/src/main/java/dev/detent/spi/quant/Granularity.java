package dev.detent.spi.quant;

import dev.detent.spi.Stable;
import java.util.OptionalInt;

/**
 * Which elements of a tensor share a scale and a zero point. A <em>group</em> is a set of elements that share them;
 * groups are counted channel by channel, and the blocks of a channel in order. {@code dims} is the tensor's shape,
 * outermost dimension first, and {@code index} an element's position in C order.
 */
@Stable(since = "1.0")
public sealed interface Granularity {

    /** One scale for the whole tensor. */
    @SuppressWarnings(
            "ClassInitializationDeadlock") // Nobody else makes a PerTensor, so this interface is always first.
    Granularity PER_TENSOR = new PerTensor();

    /** The channel axis; empty when the whole tensor is one group. */
    OptionalInt axis();

    /** How many groups a tensor of this shape has. */
    int groups(long[] dims);

    /** The group of one element, from 0 to {@code groups(dims) - 1}. */
    int group(int index, long[] dims);

    /**
     * Elements between two channels: element i lies in channel (i / stride) mod channels. All of the tensor's when it
     * has no channels.
     *
     * @throws ArithmeticException when it exceeds an int
     */
    default int channelStride(long[] dims) {
        long stride = 1;
        for (int d = axis().orElse(-1) + 1; d < dims.length; d++) {
            stride *= dims[d];
        }
        return Math.toIntExact(stride);
    }

    /** One scale for the whole tensor; {@link #PER_TENSOR} is the one everybody uses. */
    record PerTensor() implements Granularity {

        @Override
        public OptionalInt axis() {
            return OptionalInt.empty();
        }

        @Override
        public int groups(long[] dims) {
            return 1;
        }

        @Override
        public int group(int index, long[] dims) {
            return 0;
        }

        @Override
        public String toString() {
            return "per tensor";
        }
    }

    /**
     * One scale for each index along an axis.
     *
     * @param channelAxis from 0, the outermost dimension
     */
    record PerChannel(int channelAxis) implements Granularity {

        /**
         * Checks the axis.
         *
         * @throws IllegalArgumentException when it is negative
         */
        public PerChannel {
            if (channelAxis < 0) {
                throw new IllegalArgumentException("a channel axis counts from 0, not " + channelAxis);
            }
        }

        @Override
        public OptionalInt axis() {
            return OptionalInt.of(channelAxis);
        }

        @Override
        public int groups(long[] dims) {
            return Math.toIntExact(dims[channelAxis]);
        }

        @Override
        public int group(int index, long[] dims) {
            return index / channelStride(dims) % groups(dims);
        }

        @Override
        public String toString() {
            return "per channel " + channelAxis;
        }
    }

    /**
     * Per block of a matrix: consecutive elements of a channel share a scale.
     *
     * @param channelAxis 0 or 1; a block lies along the other axis
     * @param size elements of a block; the last one of a channel may be shorter
     */
    record PerBlock(int channelAxis, int size) implements Granularity {

        /**
         * Checks the components.
         *
         * @throws IllegalArgumentException when the axis is not one of a matrix's or the size is not positive
         */
        public PerBlock {
            if (channelAxis < 0 || channelAxis > 1 || size < 1) {
                throw new IllegalArgumentException("blocks need a channel axis of a matrix and a positive size");
            }
        }

        @Override
        public OptionalInt axis() {
            return OptionalInt.of(channelAxis);
        }

        /** Blocks of one channel. */
        public int blocks(long[] dims) {
            return (int) ((dims[1 - channelAxis] + size - 1) / size);
        }

        @Override
        public int groups(long[] dims) {
            return (int) dims[channelAxis] * blocks(dims);
        }

        @Override
        public int group(int index, long[] dims) {
            int columns = (int) dims[1];
            int channel = channelAxis == 0 ? index / columns : index % columns;
            int position = channelAxis == 0 ? index % columns : index / columns;
            return channel * blocks(dims) + position / size;
        }

        @Override
        public String toString() {
            return "per channel " + channelAxis + " in blocks of " + size;
        }
    }
}
