package dev.detent.passes.calibration;

import java.math.BigDecimal;
import java.math.BigInteger;

/**
 * Sum of float32 values without rounding, hence independent of order: the fixed-point number with unit 2^-149, in limbs
 * of 32 bits. Lets several threads add up averages and still give the same bytes every time.
 */
final class ExactSum {

    /** 254 exponents + 24 bits of mantissa + room for 2^30 additions. */
    private static final int LIMBS = 10;

    private final long[] limbs = new long[LIMBS];
    private long count;
    /** Infinities and NaNs; 0 as long as there are none. */
    private double boundless;

    void add(float value) {
        int bits = Float.floatToRawIntBits(value);
        int exponent = bits >>> 23 & 0xff;
        if (exponent == 0xff) {
            boundless += value;
            count++;
            return;
        }
        long mantissa = exponent == 0 ? bits & 0x7fffff : bits & 0x7fffff | 0x800000;
        int shift = Math.max(exponent - 1, 0);
        long shifted = mantissa << (shift & 31);
        long sign = bits < 0 ? -1 : 1;
        limbs[shift >> 5] += sign * (shifted & 0xffffffffL);
        limbs[(shift >> 5) + 1] += sign * (shifted >>> 32);
        count++;
    }

    void merge(ExactSum other) {
        for (int i = 0; i < LIMBS; i++) {
            limbs[i] += other.limbs[i];
        }
        count += other.count;
        boundless += other.boundless;
    }

    long count() {
        return count;
    }

    /** The mean, rounded once, to double and then to float; infinite or NaN when a value was. */
    float mean() {
        if (boundless != 0) {
            return (float) boundless;
        }
        BigInteger total = BigInteger.ZERO;
        for (int i = LIMBS - 1; i >= 0; i--) {
            total = total.shiftLeft(32).add(BigInteger.valueOf(limbs[i]));
        }
        return (float) (new BigDecimal(total).doubleValue() * 0x1p-149 / count);
    }
}
