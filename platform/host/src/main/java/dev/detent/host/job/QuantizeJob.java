package dev.detent.host.job;

import dev.detent.host.artifact.OutputNames;
import dev.detent.host.artifact.StagedOutputDirectory;
import dev.detent.host.artifact.TargetDirectory;
import dev.detent.host.observe.Observations;
import dev.detent.host.observe.ObservationsFile;
import dev.detent.host.observe.Shard;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.plan.DataPasses;
import dev.detent.host.plan.PlannedTarget;
import dev.detent.host.plugin.Registry;
import dev.detent.host.plugin.TargetIds;
import dev.detent.host.progress.BackgroundTask;
import dev.detent.host.progress.Progress;
import dev.detent.host.settings.Settings;
import dev.detent.spi.HostInfo;
import jakarta.inject.Inject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.function.Supplier;

/**
 * Quantizes one model for one target or several: plans every target while the model is read, runs all plans with common
 * looks at the data, then exports, measures and records target by target. Several targets get a folder each, and a
 * comparison; a target comes out as it would alone, but for one thing: observers that sample large tensors (mse) see
 * them in the layout that suits all targets together, so their scales may differ in the fourth digit. A target that
 * fails costs the others nothing: they are written, what an earlier run wrote for it stays, and the comparison says why
 * it failed. When all fail, nothing is written.
 */
public final class QuantizeJob {

    /** Statistics of so many bytes are kept beside any model, more only where they are small beside it. */
    private static final long SMALL = 1L << 20;

    private final Supplier<Registry> plugins;
    private final HostInfo info;

    /**
     * @param plugins asked when the job runs, while the model is read
     * @param info Detent's version, for provenance
     */
    @Inject
    public QuantizeJob(Supplier<Registry> plugins, HostInfo info) {
        this.plugins = plugins;
        this.info = info;
    }

    /**
     * Runs the job on the caller's thread and {@link QuantizeRequest#workers} others.
     *
     * @throws RuntimeException that of the first target when all fail
     */
    public QuantizeResult run(QuantizeRequest request, Progress progress) {
        boolean several = request.targets().size() > 1;
        try (StagedOutputDirectory folder =
                        StagedOutputDirectory.open(request.out(), InputPlaces.of(request), names(request, several));
                BackgroundTask<PreparedModel> reading =
                        BackgroundTask.of("detent-reader", () -> PreparedModel.prepare(request, progress))) {
            List<PlannedTarget> targets = request.targets().stream()
                    .map(t -> PlannedTarget.of(plugins.get(), t, settings(request, t), request.format()))
                    .toList();
            PreparedModel model = reading.get();
            request.observations().ifPresent(k -> k.confirm(RunObservations.origin(request, model, plugins.get())));
            Pipeline pipeline = new Pipeline(model::graph, model.data(), model.workers(), progress);
            TargetDirectory own = new TargetDirectory(folder, "");
            List<Pipeline.Attempt> attempts = pipeline.run(
                    targets.stream()
                            .map(t -> new Pipeline.Task(t.plan(), request.listener()))
                            .toList(),
                    seen -> keep(request, model, own, seen));
            QuantizeResult result = finish(
                    targets,
                    attempts,
                    new TargetFinisher(info.version(), request, model, progress),
                    new Places(folder, several),
                    pipeline.graphsObserved());
            if (several) {
                result.comparison().write(own, request.model(), info.version());
            }
            folder.commit();
            return result;
        }
    }

    /** Puts what was seen into the output folder, for runs without data. */
    private void keep(
            QuantizeRequest request,
            PreparedModel model,
            TargetDirectory own,
            Supplier<SortedMap<String, SortedMap<Observations.Key, Observations.Kept>>> seen) {
        if (request.keepsObservations() && request.observations().isEmpty()) {
            Observations all = RunObservations.of(request, model, plugins.get(), Shard.WHOLE, seen.get());
            byte[] file = ObservationsFile.bytes(all);
            if (all.size() > 0 && file.length <= Math.max(SMALL, model.facts().bytes() / 4)) {
                own.write(OutputNames.OBSERVATIONS, file);
            }
        }
    }

    /** Without data, what looks at them for other ends than calibration is left out. */
    private Settings settings(QuantizeRequest request, String target) {
        return DataPasses.without(request.leftOut(plugins.get(), target), request.settings());
    }

    /** Where the files of targets go: to the folder itself, or below it when there are several. */
    private record Places(StagedOutputDirectory folder, boolean several) {
        TargetDirectory of(String target) {
            return new TargetDirectory(folder, prefix(target, several));
        }
    }

    private static String prefix(String target, boolean several) {
        return several ? TargetIds.folderOf(target) + "/" : "";
    }

    /** Names that the run itself writes. */
    private static List<String> names(QuantizeRequest request, boolean several) {
        List<String> names = new ArrayList<>(several ? List.of(OutputNames.RECORD, OutputNames.COMPARISON) : List.of());
        request.targets().forEach(t -> OutputNames.OF_EVERY_RUN.forEach(n -> names.add(prefix(t, several) + n)));
        return names;
    }

    private static QuantizeResult finish(
            List<PlannedTarget> targets,
            List<Pipeline.Attempt> attempts,
            TargetFinisher finish,
            Places places,
            int graphsObserved) {
        List<TargetRun> runs = new ArrayList<>();
        Map<String, RuntimeException> failures = new LinkedHashMap<>();
        for (int i = 0; i < targets.size(); i++) {
            PlannedTarget target = targets.get(i);
            TargetDirectory own = places.of(target.id());
            try {
                runs.add(finish.finish(target, attempts.get(i).result(), own));
            } catch (RuntimeException e) {
                failures.put(target.id(), e);
                if (places.several()) {
                    places.folder().abandon(own.prefix());
                }
            }
        }
        if (runs.isEmpty()) {
            throw failures.values().iterator().next();
        }
        return new QuantizeResult(runs, graphsObserved, failures);
    }
}
