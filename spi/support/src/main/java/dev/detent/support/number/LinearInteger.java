package dev.detent.support.number;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.quant.CodeRange;
import dev.detent.spi.quant.Granularity;
import dev.detent.spi.quant.NumberSystem;
import dev.detent.spi.quant.Range;
import dev.detent.spi.quant.Rounding;
import dev.detent.spi.quant.ScaleAndZeroPoint;
import dev.detent.spi.quant.ScaleRule;
import dev.detent.spi.quant.Scheme;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Uniform integer quantization: q = clamp(round(x / s) + z, qmin, qmax), x' = (q - z) s (Jacob et al. 2018, eq. 1).
 * Division, never a reciprocal: that is what ONNX's QuantizeLinear does, and the two differ on ties.
 */
public final class LinearInteger implements NumberSystem {

    /** The only one: schemes hold the widths, the system has no state. */
    public static final LinearInteger INSTANCE = new LinearInteger();

    /** Scale of a tensor that is zero throughout (PPQ's OBSERVER_MIN_SCALE, there the least of all scales). */
    public static final double ZERO_SCALE = 1e-8;

    /**
     * Adding and subtracting 1.5 * 2^23 rounds a float below 2^22 half to even, and vectorises where Math.rint does
     * not.
     */
    private static final float MAGIC = 12582912f;

    private LinearInteger() {}

    /** Zero point 0, per tensor, half to even, PPQ's scale rule. */
    public static Scheme symmetric(int bits, long quantMin, long quantMax) {
        return scheme(new CodeRange(bits, quantMin, quantMax), true);
    }

    /** Any zero point, per tensor, half to even. */
    public static Scheme asymmetric(int bits, long quantMin, long quantMax) {
        return scheme(new CodeRange(bits, quantMin, quantMax), false);
    }

    /**
     * What integer kernels add up in, and so a bias with the scale input x weight: zero point 0, as many codes on both
     * sides.
     */
    public static Scheme int32() {
        return symmetric(32, -Integer.MAX_VALUE, Integer.MAX_VALUE);
    }

    private static Scheme scheme(CodeRange codes, boolean symmetric) {
        return new Scheme(
                INSTANCE, codes, symmetric, Granularity.PER_TENSOR, ScaleRule.SPAN, false, Rounding.HALF_EVEN);
    }

    @Override
    public String id() {
        return "linear";
    }

    @Override
    public boolean isAffineInteger() {
        return true;
    }

    @Override
    public ScaleAndZeroPoint cover(Range values, Scheme scheme) {
        double lo = Math.min(values.low(), 0);
        double hi = Math.max(values.high(), 0);
        double span = (double) scheme.quantMax() - scheme.quantMin();
        double scale;
        double zeroPoint = 0;
        if (scheme.symmetric()) {
            double magnitude = Math.max(hi, -lo);
            scale = scheme.scaleRule() == ScaleRule.MAGNITUDE ? magnitude / scheme.quantMax() : 2 * magnitude / span;
            scale = usable(scale);
        } else {
            scale = usable((hi - lo) / span);
            if (scheme.powerOfTwo()) {
                scale = nextPowerOfTwo(scale);
            }
            zeroPoint = scheme.quantMin() + Math.rint(-lo / scale);
            zeroPoint = Math.max(scheme.quantMin(), Math.min(scheme.quantMax(), zeroPoint));
        }
        return new ScaleAndZeroPoint(scheme.powerOfTwo() ? nextPowerOfTwo(scale) : scale, zeroPoint);
    }

    /**
     * The scale itself, as far as a float can say it without losing digits; a tensor of zeros has the one that stands
     * for it. Signals may be as small as they like: readings in tesla or farad lie around 1e-9.
     */
    public static double usable(double scale) {
        return scale == 0 ? ZERO_SCALE : Math.max(scale, Float.MIN_NORMAL);
    }

    /** 2^ceil(log2 s). */
    static double nextPowerOfTwo(double scale) {
        return Math.pow(2, Math.ceil(Math.log(scale) / Math.log(2) - 1e-12));
    }

    @Override
    public void fakeQuantize(float[] values, int from, int to, float scale, float zeroPoint, Scheme scheme) {
        float lo = (float) (scheme.quantMin() - (double) zeroPoint);
        float hi = (float) (scheme.quantMax() - (double) zeroPoint);
        if (scheme.rounding() == Rounding.HALF_EVEN && lo > -0x1p22f && hi < 0x1p22f) {
            for (int i = from; i < to; i++) {
                float v = Math.min(Math.max(values[i] / scale, lo), hi);
                values[i] = ((v + MAGIC) - MAGIC) * scale;
            }
            return;
        }
        Rounding rounding = scheme.rounding();
        for (int i = from; i < to; i++) {
            float q = (float) rounding.round(values[i] / scale);
            values[i] = Math.min(Math.max(q, lo), hi) * scale + 0f;
        }
    }

    @Override
    public long code(float value, float scale, float zeroPoint, Scheme scheme) {
        double q = scheme.rounding().round(value / scale) + zeroPoint;
        return (long) Math.max(scheme.quantMin(), Math.min(scheme.quantMax(), q));
    }

    @Override
    public float value(long code, float scale, float zeroPoint, Scheme scheme) {
        return (code - zeroPoint) * scale;
    }

    @Override
    public double step(double value, float scale, float zeroPoint, Scheme scheme) {
        return scale;
    }

    /** The smallest integer type of the same signedness that holds the codes. */
    @Override
    public Optional<ElementType> storage(Scheme scheme) {
        if (scheme.rounding() != Rounding.HALF_EVEN) {
            return Optional.empty();
        }
        return Stream.of(ElementType.INT8, ElementType.UINT8, ElementType.INT16, ElementType.UINT16, ElementType.INT32)
                .filter(t -> scheme.quantMin() >= t.lowest()
                        && scheme.quantMax() <= t.highest()
                        && (scheme.quantMin() < 0) == (t.lowest() < 0))
                .findFirst();
    }
}
