package dev.detent.host.job;

import dev.detent.host.model.ModelFile;
import dev.detent.host.normalize.GraphNormalizer;
import dev.detent.host.normalize.HalfPrecision;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.plan.TargetPlan;
import dev.detent.host.plugin.Registry;
import dev.detent.host.progress.Progress;
import dev.detent.host.rules.RuleHits;
import dev.detent.host.settings.Settings;
import dev.detent.spi.graph.Graph;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What is decided of a model before any data are touched: where nodes go, which rules they get, what a person's rules
 * hit. Nothing is written.
 *
 * @param plan the whole plan, of which the steps up to the rules were run
 * @param result the model as those steps left it
 */
public record DryRun(TargetPlan plan, Pipeline.Result result) {

    /** Runs the first steps for several targets; the model is read once. */
    public static List<DryRun> of(Registry registry, Path model, List<String> targets, Settings settings) {
        List<TargetPlan> plans =
                targets.stream().map(t -> TargetPlan.of(registry, t, settings)).toList();
        Graph graph = new ModelFile(model, Optional.empty()).read();
        HalfPrecision.widen(graph, model.toString());
        PreparedModel.refuseBroken(graph, model);
        GraphNormalizer.normalize(graph, model.toString());
        Pipeline pipeline = new Pipeline(graph::copy, Pipeline.NO_SAMPLES, 1, Progress.QUIET);
        return plans.stream()
                .map(p -> new DryRun(p, pipeline.run(p.with(p.plan().beforeData()))))
                .toList();
    }

    /** What each of the person's rules hit, in their order. */
    public List<RuleHits> hits() {
        return result.steps().stream().flatMap(s -> s.hits().stream()).toList();
    }
}
