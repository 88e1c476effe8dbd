package dev.detent.host.job;

import dev.detent.host.pipeline.Pipeline;

/** One target's result, with what a comparison needs. */
public record TargetRun(String target, Pipeline.Result result, QuantizeOutcome outcome) {}
