package dev.detent.host.analyze;

import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import java.util.Optional;

/**
 * A quantized tensor as the float network fills it, and what its encoding does to it.
 *
 * @param value name of the tensor
 * @param node that computes it, or reads it if it is an initializer
 * @param encoding how it is quantized
 * @param seen what it holds
 * @param noise what quantizing this tensor alone does to it
 * @param histogram how often it holds which values
 * @param channels what its channels hold; empty where it has none
 */
public record TensorFacts(
        String value,
        String node,
        Encoding encoding,
        Seen seen,
        Noise noise,
        Histogram histogram,
        Optional<Channels> channels) {

    /**
     * @param low smallest value that a code stands for
     * @param high largest
     */
    public record Encoding(Scheme scheme, QuantizationParameters parameters, double low, double high) {}

    /**
     * @param min of what is finite; 0 when nothing is
     * @param max likewise
     * @param zeros share of exact zeros
     * @param widest sample with the largest magnitude, from 0; of an initializer 0
     * @param growth the largest magnitude of all samples over that of the first half of them
     */
    public record Seen(double min, double max, double zeros, int widest, double growth) {}

    /**
     * @param snr in dB
     * @param clipped share of values that no code reaches
     * @param clipping share of the noise that comes from those
     */
    public record Noise(double snr, double clipped, double clipping) {}

    /** @param counts of equal steps from {@code low} to {@code high}; what lies outside is in the first and the last */
    public record Histogram(double low, double high, long[] counts) {}

    /** Extremes by channel: of an activation along axis 1, of a weight along its output axis. */
    public record Channels(float[] min, float[] max) {

        /** Largest magnitude of the widest channel over that of the median one. */
        public double imbalance() {
            float[] widths = new float[min.length];
            for (int c = 0; c < widths.length; c++) {
                widths[c] = Math.max(-min[c], max[c]);
            }
            java.util.Arrays.sort(widths);
            float median = widths[widths.length / 2];
            return median == 0 ? 1 : widths[widths.length - 1] / median;
        }

        /** Channels that hold nothing but 0. */
        public int dead() {
            int dead = 0;
            for (int c = 0; c < min.length; c++) {
                dead += min[c] == 0 && max[c] == 0 ? 1 : 0;
            }
            return dead;
        }
    }
}
