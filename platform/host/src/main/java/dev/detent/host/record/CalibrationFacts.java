package dev.detent.host.record;

import dev.detent.host.data.Preprocessing;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The data a model was calibrated on.
 *
 * @param data file or folder; null without, or when the data are several files
 * @param digest of it when the run began to read it; null without
 */
public record CalibrationFacts(
        @Nullable Path data, @Nullable InputDigest digest, int samples, Preprocessing preprocessing) {

    /** File or folder of the data, where they are one. */
    public Optional<Path> place() {
        return Optional.ofNullable(data);
    }

    /** Of that file or folder. */
    public Optional<String> sha256() {
        return Optional.ofNullable(digest).map(InputDigest::sha256);
    }
}
