package dev.detent.spi.quant;

import dev.detent.spi.Stable;
import java.util.Arrays;

/**
 * Scales and zero points of one config: one pair, or one per channel along the scheme's axis. What a scale means is the
 * number system's affair; in the linear one the real value of code q is (q - zeroPoint) scale.
 */
@Stable(since = "1.0")
public record QuantizationParameters(float[] scales, float[] zeroPoints) {

    /**
     * Copies the arrays.
     *
     * @throws IllegalArgumentException when there are no scales, not as many zero points, or a scale is not positive
     *     and finite; those of {@link NumberSystem#cover} of an infinite range are not
     */
    public QuantizationParameters {
        if (scales.length == 0 || scales.length != zeroPoints.length) {
            throw new IllegalArgumentException(scales.length + " scales and " + zeroPoints.length + " zero points");
        }
        for (float s : scales) {
            if (!(s > 0) || Float.isInfinite(s)) {
                throw new IllegalArgumentException("a scale must be positive and finite, not " + s);
            }
        }
        scales = scales.clone();
        zeroPoints = zeroPoints.clone();
    }

    /**
     * One pair.
     *
     * @throws IllegalArgumentException when the scale is not positive and finite
     */
    public static QuantizationParameters of(float scale, float zeroPoint) {
        return new QuantizationParameters(new float[] {scale}, new float[] {zeroPoint});
    }

    /** The scales; the caller's own copy. */
    @Override
    public float[] scales() {
        return scales.clone();
    }

    /** The zero points, whole numbers as floats; the caller's own copy. */
    @Override
    public float[] zeroPoints() {
        return zeroPoints.clone();
    }

    /** Number of pairs: 1, or one per group in the order of {@link Granularity#group}. */
    public int channels() {
        return scales.length;
    }

    /** Scale of a channel; a single pair serves every channel. */
    public float scale(int channel) {
        return scales[scales.length == 1 ? 0 : channel];
    }

    /** Zero point of a channel; a single pair serves every channel. */
    public float zeroPoint(int channel) {
        return zeroPoints[zeroPoints.length == 1 ? 0 : channel];
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof QuantizationParameters p
                && Arrays.equals(scales, p.scales)
                && Arrays.equals(zeroPoints, p.zeroPoints);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(scales) + Arrays.hashCode(zeroPoints);
    }

    @Override
    public String toString() {
        return scales.length == 1
                ? "scale " + scales[0] + " zero point " + (long) zeroPoints[0]
                : scales.length + " scales " + Arrays.toString(Arrays.copyOf(scales, Math.min(3, scales.length))) + "…";
    }
}
