package dev.detent.host.analyze;

import java.util.EnumSet;
import java.util.Set;

/**
 * How many samples, the first ones, go into what.
 *
 * @param layers for layers
 * @param tensors for activations and weights
 * @param survey for ranges and histograms; this many, or those for layers if they are more, for the whole network
 * @param kinds what is judged
 */
public record AnalysisEffort(int layers, int tensors, int survey, Set<Unit.Kind> kinds) {

    /** More layers than this are not judged for every report. */
    private static final int LAYERS = 500;

    public AnalysisEffort {
        kinds = Set.copyOf(kinds);
    }

    /** For the report of every run, at a small part of its cost: layers on one or two samples. */
    public static AnalysisEffort ofReport(int samples, int layers) {
        return new AnalysisEffort(
                Math.max(1, Math.min(2, samples / 8)),
                0,
                Math.min(4, samples),
                layers > LAYERS ? Set.of() : Set.of(Unit.Kind.LAYER));
    }

    /**
     * For {@code detent analyze}: what stands alone in a float network is much the same on every sample, so layers are
     * judged on a quarter of the samples and tensors, of which there are many more, on a sixteenth. With cures and
     * report that is 26 times what the float network takes for all samples (mobilenetv2, 64 samples, CPU time).
     */
    public static AnalysisEffort of(int samples) {
        return new AnalysisEffort(
                Math.min(samples, Math.max(4, (samples + 3) / 4)),
                Math.min(samples, Math.max(2, (samples + 15) / 16)),
                Math.min(samples, 8),
                EnumSet.allOf(Unit.Kind.class));
    }

    /** Tensors are judged too: it was asked for. */
    public boolean isWhole() {
        return kinds.contains(Unit.Kind.ACTIVATION);
    }
}
