package dev.detent.spi.quant;

import dev.detent.spi.ImplementedByPlugins;

/**
 * How codes stand for real numbers. Observers, error measures and the simulator work through it and never ask which one it is.
 * Stateless and thread-safe.
 */
@ImplementedByPlugins
public interface NumberSystem {

    /** e.g. {@code linear}. */
    String id();

    /**
     * The pair (scale, zero point) that covers [min, max].
     *
     * @return two numbers, scale then zero point, in double precision
     */
    double[] cover(double min, double max, Scheme scheme);

    /** Replaces {@code values[from..to)} by what a quantize-dequantize pair makes of them. */
    void fakeQuantize(float[] values, int from, int to, float scale, float zeroPoint, Scheme scheme);

    /** The integer code that stands for {@code value}, before storage. */
    long code(float value, float scale, float zeroPoint, Scheme scheme);
}
