package dev.detent.backends.onnxruntime;

import dev.detent.spi.quant.Scheme;

/**
 * The weights of a tensor, a row for each output channel, in the order in which ONNX Runtime's integer kernels sum
 * their products: position by position of a convolution's window, and at each the input channels (QLinearConv works on
 * channels-last images); along K of a matrix. Its x64 kernels without VNNI (vpmaddubsw) add the products of elements 2j
 * and 2j + 1, an unsigned activation times a signed weight each, in 16 bits.
 */
record SummedWeights(float[][] rows) {

    /**
     * @param values in C order
     * @param scheme per output channel
     */
    static SummedWeights of(float[] values, long[] dims, Scheme scheme) {
        int axis = scheme.axis().orElseThrow();
        int channels = (int) dims[axis];
        int stride = scheme.granularity().channelStride(dims);
        int length = channels == 0 ? 0 : values.length / channels;
        int inputs = axis == 0 && dims.length > 2 ? (int) dims[1] : length;
        int window = inputs == 0 ? 0 : length / inputs;
        float[][] rows = new float[channels][length];
        for (int c = 0; c < channels; c++) {
            for (int k = 0; k < length; k++) {
                int own = axis == 0 ? k % inputs * window + k / inputs : k;
                rows[c][k] = values[own / stride * stride * channels + c * stride + own % stride];
            }
        }
        return new SummedWeights(rows);
    }

    /**
     * The largest sum of the magnitudes of two that are added first, as far as they have one sign; in a row of one,
     * that one's.
     */
    float largestPair(int channel) {
        float[] row = rows[channel];
        float largest = 0;
        for (int k = 0; k < row.length; k += 2) {
            largest = Math.max(largest, pair(row[k], k + 1 < row.length ? row[k + 1] : 0));
        }
        return largest;
    }

    static float pair(float a, float b) {
        return Math.max(Math.max(a, 0) + Math.max(b, 0), -(Math.min(a, 0) + Math.min(b, 0)));
    }
}
