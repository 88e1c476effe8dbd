package dev.detent.spi.quant;

import dev.detent.spi.ImplementedByPlugins;
import dev.detent.spi.Stable;
import dev.detent.spi.graph.ElementType;
import java.util.Optional;

/**
 * How codes stand for real numbers. Observers, error measures, the simulator and the exporters work through it and
 * never ask which one it is. Stateless and thread-safe. A plugin contributes one of its own through
 * {@link NumberSystemProvider}.
 *
 * <p>Every system has a positive, finite scale per config or channel; what it means is the system's affair: a step
 * (linear), a factor (floating point), the largest magnitude (logarithmic). It is a number in the tensor's units, also
 * where a scheme restricts it to powers of two: an exponent is an exporter's affair.
 */
@Stable(since = "1.0")
@ImplementedByPlugins
public interface NumberSystem {

    /** Lower-case word, unique among all plugins, e.g. {@code linear}. */
    String id();

    /**
     * Scale and zero point whose codes cover the values. A system with an exact zero covers 0 as well, also where the
     * range leaves it out.
     */
    ScaleAndZeroPoint cover(Range values, Scheme scheme);

    /**
     * Replaces {@code values[from..to)} by what a quantize-dequantize pair makes of them. Called by several threads on
     * arrays of their own. NaN may come out as anything; infinities saturate.
     */
    void fakeQuantize(float[] values, int from, int to, float scale, float zeroPoint, Scheme scheme);

    /** Whether {@link #fakeQuantize} must see a whole tensor at once, because it works out the scale from it. */
    default boolean isDynamic() {
        return false;
    }

    /**
     * Whether codes are integers with (code - zero point) scale as their real value, so that products of codes may be
     * summed as integers and a bias counts in units of input scale x weight scale.
     */
    default boolean isAffineInteger() {
        return false;
    }

    /** The code that stands for {@code value}: an integer, or the bit pattern in the storage type. */
    long code(float value, float scale, float zeroPoint, Scheme scheme);

    /** The real value of a code. */
    float value(long code, float scale, float zeroPoint, Scheme scheme);

    /** Distance between the two levels around {@code value}, which lies inside the range. */
    double step(double value, float scale, float zeroPoint, Scheme scheme);

    /** Smallest and largest real value. */
    default Range range(float scale, float zeroPoint, Scheme scheme) {
        return new Range(
                (scheme.quantMin() - (double) zeroPoint) * scale, (scheme.quantMax() - (double) zeroPoint) * scale);
    }

    /**
     * The element type whose QuantizeLinear and DequantizeLinear compute this scheme in ONNX; empty when ONNX has none.
     * Codes that do not fill the type are clipped by the exporter.
     */
    Optional<ElementType> storage(Scheme scheme);
}
