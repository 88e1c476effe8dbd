package dev.detent.host.job;

import dev.detent.host.evaluate.Speed;
import dev.detent.host.pipeline.Pipeline;
import java.util.Optional;

/**
 * One target's result, with what a comparison needs.
 *
 * @param speed where it was asked for, and ONNX Runtime runs the file
 */
public record TargetRun(String target, Pipeline.Result result, QuantizeOutcome outcome, Optional<Speed> speed) {}
