package dev.detent.host.job;

import dev.detent.host.evaluate.EvaluationMetrics;
import dev.detent.spi.problem.Problem;
import java.util.List;
import java.util.Map;

/**
 * What an {@link EvaluateJob} found.
 *
 * @param scores by target, then by model ({@code float}, {@code simulated}, {@code exported})
 * @param problems what a person should know before they believe the scores
 */
public record EvaluateResult(Map<String, Map<String, EvaluationMetrics>> scores, List<Problem> problems) {}
