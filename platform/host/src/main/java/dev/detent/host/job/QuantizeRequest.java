package dev.detent.host.job;

import dev.detent.host.data.Preprocessing;
import dev.detent.host.evaluate.Evaluation;
import dev.detent.host.settings.Settings;
import java.nio.file.Path;
import java.util.Optional;

/**
 * One quantization job.
 *
 * @param calibration see {@link dev.detent.host.data.SampleLoader#open}; empty for a plan that needs no data
 * @param samples at most so many calibration samples, 0 for all
 * @param format id of the exporter; empty for the target's default
 * @param trace file for a trace in the parity schema
 * @param workers samples run side by side
 * @param evaluation data to score the result on
 */
public record QuantizeRequest(
        Path model,
        String target,
        Optional<String> calibration,
        int samples,
        Preprocessing preprocessing,
        Settings settings,
        Optional<String> format,
        Path out,
        Optional<Path> trace,
        int workers,
        Optional<Evaluation> evaluation) {

    /** @param labels class labels, one per sample */
    public record Evaluation(String data, int samples, Optional<Path> labels) {}
}
