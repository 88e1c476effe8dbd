package dev.detent.host.analyze;

import java.util.EnumSet;
import java.util.Set;

/**
 * How many samples, the first ones, go into what. A layer's error alone is much the same on every sample. What it is
 * worth in context is not: whatever changes a quantized network early makes all roundings behind it fall otherwise, and
 * only many samples tell its own effect from that luck.
 *
 * @param context for layers in context; 0 leaves out what is in context
 * @param alone for what stands alone, and for tensors in context
 * @param survey for ranges and histograms
 * @param kinds what is judged
 */
public record AnalysisEffort(int context, int alone, int survey, Set<Unit.Kind> kinds) {

    /** More layers than this are not judged for every report. */
    private static final int LAYERS = 500;

    public AnalysisEffort {
        kinds = Set.copyOf(kinds);
    }

    /** For the report of every run, at a small part of its cost: layers alone on one or two samples. */
    public static AnalysisEffort ofReport(int samples, int layers) {
        return new AnalysisEffort(
                0,
                Math.max(1, Math.min(2, samples / 8)),
                Math.min(4, samples),
                layers > LAYERS ? Set.of() : Set.of(Unit.Kind.LAYER));
    }

    /** For {@code detent analyze}: an eighth of the samples for what is steady. */
    public static AnalysisEffort of(int samples) {
        return new AnalysisEffort(
                samples,
                Math.min(samples, Math.max(4, (samples + 7) / 8)),
                Math.min(samples, 8),
                EnumSet.allOf(Unit.Kind.class));
    }
}
