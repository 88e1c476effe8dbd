package dev.detent.host.job;

import dev.detent.host.artifact.StagedOutputDirectory;
import dev.detent.host.artifact.TargetDirectory;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.plan.PlannedTarget;
import dev.detent.host.plugin.Registry;
import dev.detent.host.progress.Progress;
import dev.detent.report.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Quantizes one model for one target or several: plans every target while the model is read, runs all plans with common
 * looks at the data, then exports, measures and records target by target. Either everything lies in the output folder
 * afterwards or nothing of this run does. Several targets get a folder each, and a comparison; a target comes out as it
 * would alone, but for one thing: observers that sample large tensors (mse) see them in the layout that suits all
 * targets together, so their scales may differ in the fourth digit.
 */
public final class QuantizeJob {

    private final Supplier<Registry> plugins;
    private final String version;

    /**
     * @param plugins asked when the job runs, while the model is read
     * @param version Detent's version, for provenance
     */
    public QuantizeJob(Supplier<Registry> plugins, String version) {
        this.plugins = plugins;
        this.version = version;
    }

    /** Runs the job on the caller's thread and {@link QuantizeRequest#workers} others. */
    public QuantizeResult run(QuantizeRequest request, Progress progress) {
        try (BackgroundTask<PreparedModel> reading =
                BackgroundTask.of("detent-reader", () -> PreparedModel.prepare(request, progress))) {
            List<PlannedTarget> targets = request.targets().stream()
                    .map(t -> PlannedTarget.of(plugins.get(), t, request.settings(), request.format()))
                    .toList();
            try (StagedOutputDirectory folder = new StagedOutputDirectory(request.out())) {
                QuantizeResult result = run(request, targets, reading.get(), folder, progress);
                folder.commit();
                return result;
            }
        }
    }

    private QuantizeResult run(
            QuantizeRequest request,
            List<PlannedTarget> targets,
            PreparedModel model,
            StagedOutputDirectory folder,
            Progress progress) {
        Pipeline pipeline = new Pipeline(model::graph, model.samples(), request.workers(), progress);
        List<Pipeline.Result> results = pipeline.run(targets.stream()
                .map(t -> new Pipeline.Task(t.plan(), request.listener()))
                .toList());
        boolean several = targets.size() > 1;
        TargetFinish finish = new TargetFinish(version, request, model);
        List<TargetRun> runs = new ArrayList<>();
        for (int i = 0; i < results.size(); i++) {
            PlannedTarget target = targets.get(i);
            String prefix = several ? target.id().replace(':', '.') + "/" : "";
            runs.add(finish.finish(target, results.get(i), new TargetDirectory(folder, prefix)));
        }
        QuantizeResult result = new QuantizeResult(runs, pipeline.graphsObserved());
        if (several) {
            writeComparison(
                    result.comparison(), request.model().getFileName().toString(), new TargetDirectory(folder, ""));
        }
        return result;
    }

    private void writeComparison(TargetComparison comparison, String model, TargetDirectory root) {
        root.write(
                StagedOutputDirectory.MARK,
                Json.pretty(comparison.json(model, version)).getBytes(StandardCharsets.UTF_8));
        root.write("comparison.html", comparison.html(model).getBytes(StandardCharsets.UTF_8));
    }
}
