package dev.detent.spi.quant;

import java.util.Arrays;

/**
 * Scales and zero points of one config: one pair, or one per channel along the scheme's axis. What a scale means is the
 * number system's affair; in the linear one the real value of code q is (q - zeroPoint) scale.
 */
public record QuantizationParameters(float[] scales, float[] zeroPoints) {

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

    public static QuantizationParameters of(float scale, float zeroPoint) {
        return new QuantizationParameters(new float[] {scale}, new float[] {zeroPoint});
    }

    @Override
    public float[] scales() {
        return scales.clone();
    }

    @Override
    public float[] zeroPoints() {
        return zeroPoints.clone();
    }

    public int channels() {
        return scales.length;
    }

    /** Scale of a channel; a single pair serves every channel. */
    public float scale(int channel) {
        return scales[scales.length == 1 ? 0 : channel];
    }

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
