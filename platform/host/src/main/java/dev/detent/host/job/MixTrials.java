package dev.detent.host.job;

import dev.detent.host.evaluate.Evaluation;
import dev.detent.host.observe.Observations;
import dev.detent.host.observe.Shard;
import dev.detent.host.pipeline.CalibrationData;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.plan.PlannedTarget;
import dev.detent.host.plugin.Registry;
import dev.detent.host.progress.Progress;
import dev.detent.host.rules.Rule;
import dev.detent.host.search.Goal;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * Quantizes a model under rules and evaluates what comes out, in simulation; nothing is written. What the first run has
 * seen of the float network serves all others: rules change no float.
 */
final class MixTrials {

    private final Registry registry;
    private final QuantizeRequest request;
    private final PreparedModel model;
    private final Goal goal;
    private final Progress progress;
    private Optional<Observations> known = Optional.empty();

    MixTrials(Registry registry, QuantizeRequest request, PreparedModel model, Goal goal, Progress progress) {
        this.registry = registry;
        this.request = request;
        this.model = model;
        this.goal = goal;
        this.progress = progress;
    }

    /** A model quantized under some rules. */
    record Quantized(PlannedTarget target, Pipeline.Result result) {}

    Goal goal() {
        return goal;
    }

    /** The target's own rules, the person's, then {@code rules}. */
    Quantized quantized(List<Rule> rules) {
        PlannedTarget target = PlannedTarget.of(
                registry, request.targets().get(0), request.settings().with(rules), request.format());
        Pipeline.Result result = new Pipeline(
                        model::graph,
                        new CalibrationData(model.samples(), model.samples(), Shard.WHOLE, known),
                        model.workers(),
                        progress)
                .run(List.of(new Pipeline.Task(target.plan(), request.listener())), seen -> keep(seen.get()))
                .get(0)
                .result();
        return new Quantized(target, result);
    }

    private void keep(SortedMap<String, SortedMap<Observations.Key, Observations.Kept>> seen) {
        known = Optional.of(known.map(k -> k.with(seen))
                .orElseGet(() -> RunObservations.of(request, model, registry, Shard.WHOLE, seen)));
    }

    /** What the evaluation data say of it. */
    Evaluation.Scores scores(Quantized quantized) {
        return model.evaluation()
                .orElseThrow()
                .simulated(
                        quantized.result().graph(), quantized.result().configs().snapshot(), goal.metrics());
    }
}
