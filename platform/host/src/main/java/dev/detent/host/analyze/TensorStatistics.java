package dev.detent.host.analyze;

import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import java.util.Arrays;

/**
 * What a quantized tensor holds in the float network, and what its own quantization does to it. Counts and extremes are
 * exact whatever the order of samples; sums of squares are kept by sample and added in order. Not thread-safe: one for
 * each sample, merged in the samples' order.
 */
final class TensorStatistics {

    /** Bars of a histogram: what a report shows of it is a few hundred pixels wide. */
    static final int BINS = 64;

    /** The histogram goes so much beyond what the encoding can hold, as a share of that. */
    static final double MARGIN = 0.25;

    final double low;
    final double high;
    private final double encodedLow;
    private final double encodedHigh;
    final long[] histogram = new long[BINS];
    float min = Float.POSITIVE_INFINITY;
    float max = Float.NEGATIVE_INFINITY;
    long count;
    long zeros;
    long clipped;
    double signal;
    double noise;
    double clipping;
    /** Sample with the largest magnitude. */
    int widest = -1;
    /** Largest magnitude of each sample, for how the range grows. */
    float[] magnitudes = new float[0];

    TensorStatistics(Scheme scheme, QuantizationParameters p) {
        double lo = Double.POSITIVE_INFINITY;
        double hi = Double.NEGATIVE_INFINITY;
        for (int c = 0; c < p.channels(); c++) {
            dev.detent.spi.quant.Range r = scheme.system().range(p.scale(c), p.zeroPoint(c), scheme);
            lo = Math.min(lo, r.low());
            hi = Math.max(hi, r.high());
        }
        encodedLow = lo;
        encodedHigh = hi;
        low = lo < 0 ? lo - MARGIN * (hi - lo) : lo;
        high = hi > 0 ? hi + MARGIN * (hi - lo) : hi;
    }

    double encodedLow() {
        return encodedLow;
    }

    double encodedHigh() {
        return encodedHigh;
    }

    /** Shows the values of one sample and what quantization makes of them; of a weight once. */
    void add(int sample, float[] exact, float[] quantized) {
        double scale = BINS / Math.max(Double.MIN_NORMAL, high - low);
        float least = Float.POSITIVE_INFINITY;
        float most = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < exact.length; i++) {
            float v = exact[i];
            if (!Float.isFinite(v)) {
                // Nothing can be said of how it is quantized.
                continue;
            }
            double d = (double) v - quantized[i];
            signal += (double) v * v;
            noise += d * d;
            least = Math.min(least, v);
            most = Math.max(most, v);
            if (v == 0) {
                zeros++;
            } else if (v < encodedLow || v > encodedHigh) {
                clipped++;
                clipping += d * d;
            }
            int bin = (int) ((v - low) * scale);
            histogram[Math.max(0, Math.min(BINS - 1, bin))]++;
        }
        count += exact.length;
        float magnitude = Math.max(-least, most);
        if (widest < 0 || magnitude > Math.max(-min, max)) {
            widest = sample;
        }
        min = Math.min(min, least);
        max = Math.max(max, most);
        magnitudes = Arrays.copyOf(magnitudes, magnitudes.length + 1);
        magnitudes[magnitudes.length - 1] = magnitude;
    }

    /** Takes over what a later sample's statistics hold. */
    void merge(TensorStatistics later) {
        for (int b = 0; b < BINS; b++) {
            histogram[b] += later.histogram[b];
        }
        if (widest < 0 || Math.max(-later.min, later.max) > Math.max(-min, max)) {
            widest = later.widest;
        }
        min = Math.min(min, later.min);
        max = Math.max(max, later.max);
        count += later.count;
        zeros += later.zeros;
        clipped += later.clipped;
        signal += later.signal;
        noise += later.noise;
        clipping += later.clipping;
        int n = magnitudes.length;
        magnitudes = Arrays.copyOf(magnitudes, n + later.magnitudes.length);
        System.arraycopy(later.magnitudes, 0, magnitudes, n, later.magnitudes.length);
    }

    /** Of the tensor alone, in dB. */
    double snr() {
        return noise == 0 ? Double.POSITIVE_INFINITY : 10 * Math.log10(signal / noise);
    }
}
