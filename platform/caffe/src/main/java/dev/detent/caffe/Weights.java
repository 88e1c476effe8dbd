package dev.detent.caffe;

import dev.detent.spi.graph.Tensor;
import java.util.Arrays;

/** Tensors made from tensors. */
final class Weights {

    private Weights() {}

    static Tensor filled(long count, float value) {
        float[] all = new float[Math.toIntExact(count)];
        Arrays.fill(all, value);
        return Tensor.ofFloats(new long[] {count}, all);
    }

    static Tensor scaled(Tensor t, float factor) {
        if (factor == 1) {
            return t;
        }
        float[] all = t.floats();
        for (int i = 0; i < all.length; i++) {
            all[i] *= factor;
        }
        return Tensor.ofFloats(t.dims(), all);
    }

    /**
     * A kernel in a larger one: zeros stand before and behind it on both axes.
     *
     * @param before zeros above and left
     * @param behind zeros below and right
     */
    static Tensor widened(Tensor kernel, long[] before, long[] behind) {
        int h = (int) kernel.dim(2);
        int w = (int) kernel.dim(3);
        int wide = (int) (w + before[1] + behind[1]);
        int high = (int) (h + before[0] + behind[0]);
        float[] from = kernel.floats();
        int planes = from.length / (h * w);
        float[] to = new float[planes * high * wide];
        for (int p = 0; p < planes; p++) {
            for (int y = 0; y < h; y++) {
                System.arraycopy(from, (p * h + y) * w, to, (int) ((p * high + y + before[0]) * wide + before[1]), w);
            }
        }
        return Tensor.ofFloats(new long[] {kernel.dim(0), kernel.dim(1), high, wide}, to);
    }
}
