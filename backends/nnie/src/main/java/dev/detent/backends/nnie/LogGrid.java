package dev.detent.backends.nnie;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.quant.NumberSystem;
import dev.detent.spi.quant.Range;
import dev.detent.spi.quant.ScaleAndZeroPoint;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.number.LinearInteger;
import java.util.Optional;

/**
 * HiSilicon's GFPQ (grouped floating-point quantization): sign and an exponent in steps of a fixed fraction of an
 * octave. With c the largest magnitude, z = S log2 c - K and S steps per octave, code k stands for 2^((k + z) / S).
 * Positive values use k = 0 to K, negative ones k = 1 to K, and one code is zero: magnitudes below half the smallest
 * level become 0. 8 bits: S = 16, K = 127; 16 bits: S = 128, K = 32767.
 *
 * <p>The scale of a config is c itself, always on the grid. How an observed maximum is rounded to it is not documented:
 * floor reproduces the test vector of the vendor's library that nnieqat quotes (NnieTest), MQBench rounds to the
 * nearest.
 */
enum LogGrid implements NumberSystem {
    /** 8 bits, maximum rounded down as in the vendor's library. */
    FLOOR_8("log16", 16, 127, true),
    /** 8 bits, maximum rounded to the nearest as in MQBench. */
    ROUND_8("log16-round", 16, 127, false),
    /** 16 bits. */
    FLOOR_16("log128", 128, 32767, true);

    /** Mantissas are looked up by their upper ten bits; no bin holds two boundaries. */
    private static final int BINS = 1 << 10;

    /** The logarithm of a level that was stored as a float may come out slightly below its integer. */
    private static final double RELATIVE = 0x1p-22;

    private final String id;
    private final int steps;
    private final int top;
    private final boolean floor;
    /** 2^(j / S). */
    private final float[] levels;
    /** 2^((j + 1/2) / S): from here on the next level is nearer in the exponent. */
    private final float[] boundaries;

    private final short[] first = new short[BINS];

    LogGrid(String id, int steps, int top, boolean floor) {
        this.id = id;
        this.steps = steps;
        this.top = top;
        this.floor = floor;
        levels = new float[steps + 1];
        boundaries = new float[steps + 1];
        for (int j = 0; j <= steps; j++) {
            levels[j] = (float) Math.pow(2, (double) j / steps);
            boundaries[j] = j == steps ? Float.POSITIVE_INFINITY : (float) Math.pow(2, (j + 0.5) / steps);
        }
        for (int b = 0; b < BINS; b++) {
            float mantissa = 1 + (float) b / BINS;
            while (boundaries[first[b]] <= mantissa) {
                first[b]++;
            }
        }
    }

    @Override
    public String id() {
        return id;
    }

    /** The observed maximum on the grid. */
    @Override
    public ScaleAndZeroPoint cover(Range values, Scheme scheme) {
        double largest = LinearInteger.usable(Math.max(Math.max(values.high(), -values.low()), 0));
        double exponent = steps * Math.log(largest) / Math.log(2);
        double snapped = floor ? Math.floor(exponent + steps * RELATIVE) : Math.rint(exponent);
        return new ScaleAndZeroPoint(level((int) snapped), 0);
    }

    /** 2^(exponent / S). */
    private float level(int exponent) {
        return Math.scalb(levels[Math.floorMod(exponent, steps)], Math.floorDiv(exponent, steps));
    }

    /** S log2 x to the nearest integer, x positive and normal. */
    private int exponent(float x) {
        int bits = Float.floatToRawIntBits(x);
        int bin = bits >>> 13 & BINS - 1;
        int j = first[bin];
        float mantissa = Float.intBitsToFloat(bits & 0x7fffff | 0x3f800000);
        return Math.getExponent(x) * steps + (boundaries[j] <= mantissa ? j + 1 : j);
    }

    /** z: the exponent of code 0. */
    private int zero(float clip) {
        return exponent(clip) - top;
    }

    @Override
    public void fakeQuantize(float[] values, int from, int to, float scale, float zeroPoint, Scheme scheme) {
        int z = zero(scale);
        float positive = Math.max(Float.MIN_NORMAL, level(z) / 2);
        float negative = Math.max(Float.MIN_NORMAL, level(z + 1) / 2);
        for (int i = from; i < to; i++) {
            float x = values[i];
            if (x >= positive) {
                values[i] = level(Math.max(z, Math.min(z + top, exponent(x))));
            } else if (x < -negative) {
                values[i] = -level(Math.max(z + 1, Math.min(z + top, exponent(-x))));
            } else {
                values[i] = 0;
            }
        }
    }

    /** Sign and magnitude: 0 to K positive, K + 1 is zero, K + 1 + k negative. */
    @Override
    public long code(float value, float scale, float zeroPoint, Scheme scheme) {
        float[] x = {value};
        fakeQuantize(x, 0, 1, scale, zeroPoint, scheme);
        if (x[0] == 0) {
            return top + 1L;
        }
        int k = exponent(Math.abs(x[0])) - zero(scale);
        return x[0] > 0 ? k : top + 1L + k;
    }

    @Override
    public float value(long code, float scale, float zeroPoint, Scheme scheme) {
        if (code == top + 1L) {
            return 0;
        }
        return code <= top ? level((int) code + zero(scale)) : -level((int) (code - top - 1) + zero(scale));
    }

    @Override
    public double step(double value, float scale, float zeroPoint, Scheme scheme) {
        return Math.max(Math.abs(value), level(zero(scale))) * (levels[1] - 1);
    }

    @Override
    public Range range(float scale, float zeroPoint, Scheme scheme) {
        return new Range(-scale, scale);
    }

    @Override
    public Optional<ElementType> storage(Scheme scheme) {
        return Optional.empty();
    }

    Scheme scheme() {
        return LinearInteger.symmetric(top == 127 ? 8 : 16, -top, top).with(this);
    }
}
