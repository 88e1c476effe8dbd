package dev.detent.host.job;

import dev.detent.host.evaluate.Evaluation;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.plan.PlannedTarget;
import dev.detent.host.plugin.Registry;
import dev.detent.host.progress.Progress;
import dev.detent.host.rules.Rule;
import dev.detent.host.search.Goal;
import java.util.List;

/** Quantizes a model under rules and evaluates what comes out, in simulation; nothing is written. */
record MixTrials(
        Registry registry,
        QuantizeRequest request,
        PreparedModel model,
        Evaluation evaluation,
        Goal goal,
        Progress progress) {

    /** A model quantized under some rules. */
    record Quantized(PlannedTarget target, Pipeline.Result result, Evaluation.Scores scores) {}

    /** The target's own rules, the person's, then {@code rules}. */
    Quantized run(List<Rule> rules) {
        PlannedTarget target = PlannedTarget.of(
                registry, request.targets().get(0), request.settings().with(rules), request.format());
        Pipeline.Result result = new Pipeline(model::graph, model.samples(), request.workers(), progress)
                .run(List.of(new Pipeline.Task(target.plan(), request.listener())))
                .get(0)
                .result();
        return new Quantized(
                target,
                result,
                evaluation.simulated(result.graph(), result.configs().snapshot(), goal.metrics()));
    }
}
