package dev.detent.passes.calibration;

import dev.detent.support.observe.MinMaxAccumulator;

/**
 * Maximum or negated minimum of a block of values by pairwise halving: such loops become vector instructions (see
 * {@link MinMaxAccumulator}); the reduction to one number in a single loop does not. Not-a-number wins.
 */
final class VectorizedMax {

    static final int RUN = 1024;
    /** Below this length a plain loop does the rest. */
    private static final int SHORT = 32;

    /** Made for the first run: small tensors have none. */
    private float[] near = new float[0];

    private float[] far = new float[0];

    /** Largest of {@link #RUN} values, or with sign -1 the smallest, negated. */
    float outermost(float[] values, int from, float sign) {
        if (near.length == 0) {
            near = new float[RUN / 2];
            far = new float[RUN / 2];
        }
        System.arraycopy(values, from, near, 0, RUN / 2);
        System.arraycopy(values, from + RUN / 2, far, 0, RUN / 2);
        if (sign < 0) {
            negate(near);
            negate(far);
        }
        for (int n = RUN / 2; n > SHORT; n /= 2) {
            MinMaxAccumulator.raise(near, far, n);
            System.arraycopy(near, n / 2, far, 0, n / 2);
        }
        MinMaxAccumulator.raise(near, far, SHORT);
        float m = near[0];
        for (int i = 1; i < SHORT; i++) {
            m = Math.max(m, near[i]);
        }
        return m;
    }

    private static void negate(float[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] = -values[i];
        }
    }
}
