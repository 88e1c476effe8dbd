package dev.detent.backends.ppq;

import dev.detent.spi.graph.Tensor;

/** Arithmetic on Gemm's constants. */
final class Gemm {

    private Gemm() {}

    static Tensor weights(Tensor w, boolean transpose, float factor) {
        float[] from = w.floats();
        int rows = (int) w.dim(0);
        int columns = (int) w.dim(1);
        float[] to = new float[from.length];
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                to[transpose ? c * rows + r : r * columns + c] = from[r * columns + c] * factor;
            }
        }
        return Tensor.ofFloats(transpose ? new long[] {columns, rows} : w.dims(), to);
    }

    static Tensor scaled(Tensor t, float factor) {
        float[] values = t.floats();
        for (int i = 0; i < values.length; i++) {
            values[i] *= factor;
        }
        return Tensor.ofFloats(t.dims(), values);
    }
}
