package dev.detent.runtime;

/**
 * How much an error in each channel of a value counts: channels of images lie along axis 1, those of everything else
 * along the last one.
 *
 * @param weights by channel; none when all count alike
 * @param stride elements from one channel to the next
 */
record ChannelWeights(float[] weights, int stride) {

    static final ChannelWeights NONE = new ChannelWeights(new float[0], 1);

    static int axis(long[] shape) {
        return shape.length >= 4 ? 1 : shape.length - 1;
    }

    static int stride(long[] shape) {
        long stride = 1;
        for (int d = axis(shape) + 1; d < shape.length; d++) {
            stride *= shape[d];
        }
        return (int) stride;
    }

    /** Of an element, by its position in C order. */
    float at(int index) {
        return weights.length == 0 ? 1 : weights[index / stride % weights.length];
    }
}
