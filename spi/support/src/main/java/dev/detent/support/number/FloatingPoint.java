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

/**
 * An 8-bit floating-point grid (OCP 8-bit Floating Point Specification 1.0): x' = s fp8(x / s), saturating, ties to
 * even. The scale maps the largest magnitude onto the format's largest finite number; scales may be restricted to
 * powers of two. What ONNX's QuantizeLinear computes for the same element type from opset 19 on.
 */
public enum FloatingPoint implements NumberSystem {
    /** 4 exponent bits, 3 mantissa bits, bias 7, no infinity. */
    E4M3("e4m3", 3, -6, 448, 7, ElementType.FLOAT8E4M3FN),
    /** 5 exponent bits, 2 mantissa bits, bias 15. */
    E5M2("e5m2", 2, -14, 57344, 15, ElementType.FLOAT8E5M2);

    private final String id;
    private final int mantissa;
    private final int lowestExponent;
    private final float max;
    private final int bias;
    private final ElementType type;
    /** Adding and subtracting it rounds to the spacing of the subnormals, half to even. */
    private final float magic;

    FloatingPoint(String id, int mantissa, int lowestExponent, float max, int bias, ElementType type) {
        this.id = id;
        this.mantissa = mantissa;
        this.lowestExponent = lowestExponent;
        this.max = max;
        this.bias = bias;
        this.type = type;
        this.magic = Math.scalb(1.5f, 23 + lowestExponent - mantissa);
    }

    /** Codes of 8 bits, per tensor; the scale maps the largest magnitude onto the format's largest number. */
    public Scheme scheme() {
        return new Scheme(
                this,
                new CodeRange(8, -(long) max, (long) max),
                true,
                Granularity.PER_TENSOR,
                ScaleRule.MAGNITUDE,
                false,
                Rounding.HALF_EVEN);
    }

    @Override
    public String id() {
        return id;
    }

    /** Largest finite number of the format. */
    public float max() {
        return max;
    }

    @Override
    public ScaleAndZeroPoint cover(Range values, Scheme scheme) {
        double magnitude = Math.max(Math.max(values.high(), -values.low()), 0);
        double scale = LinearInteger.usable(magnitude / scheme.quantMax());
        return new ScaleAndZeroPoint(scheme.powerOfTwo() ? LinearInteger.nextPowerOfTwo(scale) : scale, 0);
    }

    @Override
    public void fakeQuantize(float[] values, int from, int to, float scale, float zeroPoint, Scheme scheme) {
        for (int i = from; i < to; i++) {
            values[i] = round(values[i] / scale, scheme) * scale;
        }
    }

    /** Nearest number of the format, ties to even mantissa, saturating at the scheme's bounds. */
    private float round(float x, Scheme scheme) {
        float u = Math.min(Math.max(x, scheme.quantMin()), scheme.quantMax());
        int bits = Float.floatToRawIntBits(u);
        if (Math.getExponent(u) < lowestExponent) {
            // Where integers know one zero, this format has two, and ONNX keeps the sign.
            return Math.copySign(Math.abs(u) + magic - magic, u);
        }
        int dropped = 23 - mantissa;
        return Float.intBitsToFloat(bits + (1 << dropped - 1) - 1 + (bits >>> dropped & 1) & -(1 << dropped));
    }

    /** The format's bit pattern. */
    @Override
    public long code(float value, float scale, float zeroPoint, Scheme scheme) {
        float q = round(value / scale, scheme);
        int sign = Float.floatToRawIntBits(q) >>> 31 << 7;
        float magnitude = Math.abs(q);
        if (Math.getExponent(magnitude) < lowestExponent) {
            return sign | (int) Math.scalb(magnitude, mantissa - lowestExponent);
        }
        int bits = Float.floatToRawIntBits(magnitude);
        return sign | Math.getExponent(magnitude) + bias << mantissa | bits >>> 23 - mantissa & (1 << mantissa) - 1;
    }

    @Override
    public float value(long code, float scale, float zeroPoint, Scheme scheme) {
        int exponent = (int) code >>> mantissa & (1 << 7 - mantissa) - 1;
        int fraction = (int) code & (1 << mantissa) - 1;
        float magnitude = exponent == 0
                ? Math.scalb((float) fraction, lowestExponent - mantissa)
                : Math.scalb((float) (fraction | 1 << mantissa), exponent - bias - mantissa);
        return ((code & 0x80) == 0 ? magnitude : -magnitude) * scale;
    }

    @Override
    public double step(double value, float scale, float zeroPoint, Scheme scheme) {
        return Math.scalb(1.0, Math.max(Math.getExponent(value / scale), lowestExponent) - mantissa) * scale;
    }

    @Override
    public Optional<ElementType> storage(Scheme scheme) {
        return Optional.of(type);
    }
}
