package dev.detent.spi.quant;

import dev.detent.spi.Stable;
import java.util.OptionalInt;

/**
 * How one tensor is quantized: everything but the numbers, which are {@link QuantizationParameters}. Immutable; the
 * constructor refuses impossible combinations. The number systems of {@code dev.detent.support.number} make the usual
 * ones.
 *
 * @param system what a code means
 * @param codes which codes there are
 * @param symmetric the zero point is 0
 * @param granularity which elements share a scale
 * @param scaleRule which code the largest magnitude of a symmetric range falls on
 * @param powerOfTwo scales are powers of two: the smallest one that is no smaller than the scale that covers the range
 * @param rounding how a real code becomes a whole one
 */
@Stable(since = "1.0")
public record Scheme(
        NumberSystem system,
        CodeRange codes,
        boolean symmetric,
        Granularity granularity,
        ScaleRule scaleRule,
        boolean powerOfTwo,
        Rounding rounding) {

    /**
     * Checks the combination.
     *
     * @throws IllegalArgumentException when a symmetric scheme has no code 0
     */
    public Scheme {
        if (symmetric && (codes.min() > 0 || codes.max() < 0)) {
            throw new IllegalArgumentException(
                    "a symmetric scheme needs code 0 in [" + codes.min() + ", " + codes.max() + "]");
        }
    }

    /** Width of a code in bits, 2 to 32. */
    public int bits() {
        return codes.bits();
    }

    /** Smallest code; of a floating-point system the smallest number at scale 1. */
    public long quantMin() {
        return codes.min();
    }

    /** Largest code; of a floating-point system the largest number at scale 1. */
    public long quantMax() {
        return codes.max();
    }

    /** The channel axis; empty when the whole tensor shares a scale. */
    public OptionalInt axis() {
        return granularity.axis();
    }

    /** There is a channel axis; the channels may be divided into blocks. */
    public boolean isPerChannel() {
        return granularity.axis().isPresent();
    }

    /** Channels are divided into blocks. */
    public boolean isPerBlock() {
        return granularity instanceof Granularity.PerBlock;
    }

    /** The same scheme with one scale for each index along an axis, counted from 0. */
    public Scheme perChannel(int axis) {
        return with(new Granularity.PerChannel(axis));
    }

    /** The same scheme with one scale for the whole tensor. */
    public Scheme perTensor() {
        return with(Granularity.PER_TENSOR);
    }

    /** The same scheme in another number system. */
    public Scheme with(NumberSystem newSystem) {
        return new Scheme(newSystem, codes, symmetric, granularity, scaleRule, powerOfTwo, rounding);
    }

    /** The same scheme with other codes. */
    public Scheme with(CodeRange newCodes) {
        return new Scheme(system, newCodes, symmetric, granularity, scaleRule, powerOfTwo, rounding);
    }

    /** The same scheme with other groups of elements that share a scale. */
    public Scheme with(Granularity newGranularity) {
        return new Scheme(system, codes, symmetric, newGranularity, scaleRule, powerOfTwo, rounding);
    }

    /** The same scheme with another rule for its scale. */
    public Scheme with(ScaleRule newRule) {
        return new Scheme(system, codes, symmetric, granularity, newRule, powerOfTwo, rounding);
    }

    /** The same scheme with another rounding. */
    public Scheme with(Rounding newRounding) {
        return new Scheme(system, codes, symmetric, granularity, scaleRule, powerOfTwo, newRounding);
    }

    /** The same scheme whose scales are powers of two. */
    public Scheme withPowerOfTwo() {
        return new Scheme(system, codes, symmetric, granularity, scaleRule, true, rounding);
    }

    /** Parameters of one group of elements that lie in [min, max]. Infinite bounds are an IllegalArgumentException. */
    public QuantizationParameters cover(double min, double max) {
        ScaleAndZeroPoint p = system.cover(new Range(min, max), this);
        return QuantizationParameters.of((float) p.scale(), (float) p.zeroPoint());
    }

    /** Parameters of as many groups as there are bounds, in the order of {@link Granularity#group}. */
    public QuantizationParameters cover(double[] min, double[] max) {
        float[] scales = new float[min.length];
        float[] zeroPoints = new float[min.length];
        for (int c = 0; c < min.length; c++) {
            ScaleAndZeroPoint p = system.cover(new Range(min[c], max[c]), this);
            scales[c] = (float) p.scale();
            zeroPoints[c] = (float) p.zeroPoint();
        }
        return new QuantizationParameters(scales, zeroPoints);
    }

    @Override
    public String toString() {
        return system.id() + " " + bits() + " bit [" + quantMin() + ", " + quantMax() + "] "
                + (symmetric ? "symmetric " : "asymmetric ") + granularity + (powerOfTwo ? " power of two" : "");
    }
}
