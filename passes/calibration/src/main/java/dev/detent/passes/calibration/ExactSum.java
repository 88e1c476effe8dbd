package dev.detent.passes.calibration;

import dev.detent.spi.observe.SketchState;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;

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

    /** The sum in units of 2^-149, how many were added, and whether infinities of either sign were among them. */
    SketchState.Sums state() {
        return new SketchState.Sums(List.of(
                total(),
                BigInteger.valueOf(count),
                bit(boundless > 0 || Double.isNaN(boundless)),
                bit(boundless < 0 || Double.isNaN(boundless))));
    }

    private static BigInteger bit(boolean set) {
        return set ? BigInteger.ONE : BigInteger.ZERO;
    }

    void restore(SketchState.Sums state) {
        BigInteger rest = state.values().get(0);
        for (int i = 0; i < LIMBS - 1; i++) {
            limbs[i] = rest.longValue() & 0xffffffffL;
            rest = rest.shiftRight(32);
        }
        limbs[LIMBS - 1] = rest.longValue();
        count = state.get(1);
        boundless =
                (state.get(2) > 0 ? Double.POSITIVE_INFINITY : 0) + (state.get(3) > 0 ? Double.NEGATIVE_INFINITY : 0);
    }

    private BigInteger total() {
        BigInteger total = BigInteger.ZERO;
        for (int i = LIMBS - 1; i >= 0; i--) {
            total = total.shiftLeft(32).add(BigInteger.valueOf(limbs[i]));
        }
        return total;
    }

    /** The mean, rounded once, to double and then to float; infinite or NaN when a value was. */
    float mean() {
        if (boundless != 0) {
            return (float) boundless;
        }
        return (float) (new BigDecimal(total()).doubleValue() * 0x1p-149 / count);
    }
}
