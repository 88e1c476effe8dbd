package dev.detent.support.export;

import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.support.problem.SupportProblems;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Collects what stands in an artefact, by entry. Numbers that no config can have are a UserException that names the
 * entry.
 */
public final class ReadBackParameters {

    private final Map<String, QuantizationParameters> found = new LinkedHashMap<>();

    /** Checked parameters of {@code entry}; fewer zero points than scales: the first serves all, none means zero. */
    public static QuantizationParameters parameters(String entry, float[] scales, float... zeroPoints) {
        float[] z = new float[scales.length];
        for (int i = 0; i < z.length && zeroPoints.length > 0; i++) {
            z[i] = zeroPoints[zeroPoints.length == 1 ? 0 : Math.min(i, zeroPoints.length - 1)];
            if (!Float.isFinite(z[i])) {
                throw impossible(entry, "a zero point must be finite, not " + z[i]);
            }
        }
        if (zeroPoints.length > 1 && zeroPoints.length != scales.length) {
            throw impossible(entry, scales.length + " scales and " + zeroPoints.length + " zero points");
        }
        try {
            return new QuantizationParameters(scales, z);
        } catch (IllegalArgumentException e) {
            throw impossible(entry, String.valueOf(e.getMessage()));
        }
    }

    private static UserException impossible(String entry, String why) {
        return new UserException(
                SupportProblems.IMPOSSIBLE_PARAMETERS, "cannot be what the artefact says: " + why, entry);
    }

    /** One scale and zero point for the whole tensor; checked as in {@link #parameters}. */
    public void put(String entry, float scale, float zeroPoint) {
        put(entry, new float[] {scale}, zeroPoint);
    }

    /** As {@link #parameters}. */
    public void put(String entry, float[] scales, float... zeroPoints) {
        put(entry, parameters(entry, scales, zeroPoints));
    }

    /** One pair of scale and zero point per channel. */
    public void put(String entry, List<float[]> channels) {
        float[] scales = new float[channels.size()];
        float[] zeroPoints = new float[channels.size()];
        for (int c = 0; c < scales.length; c++) {
            scales[c] = channels.get(c)[0];
            zeroPoints[c] = channels.get(c)[1];
        }
        put(entry, scales, zeroPoints);
    }

    /** Parameters that were checked already. An entry that is there is replaced. */
    public void put(String entry, QuantizationParameters parameters) {
        found.put(entry, parameters);
    }

    /** What has been found of {@code entry} so far. */
    public Optional<QuantizationParameters> get(String entry) {
        return Optional.ofNullable(found.get(entry));
    }

    /** Forgets an entry; one that is not there is no error. */
    public void remove(String entry) {
        found.remove(entry);
    }

    /** All entries in the order in which they were put; a view that cannot be changed. */
    public Map<String, QuantizationParameters> asMap() {
        return Collections.unmodifiableMap(found);
    }
}
