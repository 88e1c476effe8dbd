package dev.detent.host.job;

import dev.detent.host.evaluate.EvaluationMetrics;
import dev.detent.host.evaluate.LayerErrors;
import dev.detent.spi.problem.Problem;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What came of a job.
 *
 * @param scores {@code float}, {@code simulated} and, where ONNX Runtime can run the artefact, {@code exported}, and
 *     {@code exact} where this CPU's integer sums overflow; empty without evaluation
 * @param files what was written, with sizes in bytes
 */
public record QuantizeOutcome(
        Path out,
        Map<String, EvaluationMetrics> scores,
        List<LayerErrors.Layer> layers,
        List<Problem> problems,
        Map<String, Long> files,
        long modelBytes,
        int quantizedNodes,
        int nodes,
        int samples,
        Optional<Path> runnable) {}
