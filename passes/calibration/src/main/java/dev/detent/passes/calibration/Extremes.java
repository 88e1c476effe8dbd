package dev.detent.passes.calibration;

/** Smallest and largest of a run of floats; NaN is not expected. */
record Extremes(float min, float max) {

    /** Four independent lanes: one chain of comparisons would make every step wait for the one before. */
    static Extremes of(float[] values, int from, int to) {
        float lo0 = Float.POSITIVE_INFINITY;
        float lo1 = lo0;
        float lo2 = lo0;
        float lo3 = lo0;
        float hi0 = Float.NEGATIVE_INFINITY;
        float hi1 = hi0;
        float hi2 = hi0;
        float hi3 = hi0;
        int i = from;
        for (; i + 4 <= to; i += 4) {
            float a = values[i];
            float b = values[i + 1];
            float c = values[i + 2];
            float d = values[i + 3];
            lo0 = a < lo0 ? a : lo0;
            hi0 = a > hi0 ? a : hi0;
            lo1 = b < lo1 ? b : lo1;
            hi1 = b > hi1 ? b : hi1;
            lo2 = c < lo2 ? c : lo2;
            hi2 = c > hi2 ? c : hi2;
            lo3 = d < lo3 ? d : lo3;
            hi3 = d > hi3 ? d : hi3;
        }
        for (; i < to; i++) {
            lo0 = Math.min(lo0, values[i]);
            hi0 = Math.max(hi0, values[i]);
        }
        return new Extremes(Math.min(Math.min(lo0, lo1), Math.min(lo2, lo3)), Math.max(Math.max(hi0, hi1), Math.max(hi2, hi3)));
    }
}
