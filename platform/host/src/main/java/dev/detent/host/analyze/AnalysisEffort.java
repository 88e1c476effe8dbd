package dev.detent.host.analyze;

/**
 * How many samples, the first ones, go into what. A layer's error alone is much the same on every sample. What it is
 * worth in context is not: whatever changes a quantized network early makes all roundings behind it fall otherwise, and
 * only many samples tell its own effect from that luck.
 *
 * @param context for layers in context
 * @param alone for every layer and tensor alone, and for tensors in context
 * @param survey for ranges and histograms
 */
public record AnalysisEffort(int context, int alone, int survey) {

    /** For the report of every run: a few seconds for a mobile network. */
    public static final AnalysisEffort REPORT = new AnalysisEffort(4, 2, 4);

    /** For {@code detent analyze}: an eighth of the samples for what is steady. */
    public static AnalysisEffort of(int samples) {
        return new AnalysisEffort(samples, Math.max(2, (samples + 7) / 8), Math.min(samples, 8));
    }
}
