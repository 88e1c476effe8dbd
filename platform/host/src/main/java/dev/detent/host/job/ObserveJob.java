package dev.detent.host.job;

import dev.detent.host.observe.Observations;
import dev.detent.host.pipeline.CalibrationData;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.pipeline.PipelineListener;
import dev.detent.host.plan.DataPasses;
import dev.detent.host.plan.Step;
import dev.detent.host.plan.TargetPlan;
import dev.detent.host.plugin.Registry;
import dev.detent.host.problem.DataProblems;
import dev.detent.host.problem.ObservationProblems;
import dev.detent.host.progress.Progress;
import dev.detent.spi.backend.Target;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.UserException;
import jakarta.inject.Inject;
import jakarta.inject.Provider;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Looks at calibration data once, for runs that will have none: goes through the plans of all targets, without what
 * runs the quantized network, and keeps what their passes have seen.
 */
public final class ObserveJob {

    private final Provider<Registry> plugins;

    /** @param plugins asked when the job runs */
    @Inject
    public ObserveJob(Provider<Registry> plugins) {
        this.plugins = plugins;
    }

    /**
     * Runs the job on the caller's thread and the request's workers.
     *
     * @throws RuntimeException that of the first target when none is served, or of one that was named
     */
    public ObserveResult run(ObserveRequest request, Progress progress) {
        QuantizeRequest run = request.run();
        Registry registry = plugins.get();
        List<String> named = run.targets();
        List<String> targets = named.isEmpty()
                ? registry.targets().stream()
                        .filter(t -> !t.exporters().isEmpty())
                        .map(Target::id)
                        .toList()
                : named;
        Map<String, RuntimeException> failures = new LinkedHashMap<>();
        Map<String, TargetPlan> plans = new LinkedHashMap<>();
        // They quantize weights alone, so there is nothing to keep for them.
        List<String> blind = new ArrayList<>();
        for (String target : targets) {
            try {
                TargetPlan plan = TargetPlan.of(
                        registry,
                        target,
                        DataPasses.without(DataPasses.onSamples(registry, target, run.settings()), run.settings()));
                if (plan.plan().steps().stream().anyMatch(Step::looksAtData)) {
                    plans.put(target, plan.with(plan.plan().untilLastLook()));
                } else {
                    blind.add(target);
                }
            } catch (UserException e) {
                failures.put(target, e);
            }
        }
        PreparedModel model = PreparedModel.prepare(run, progress);
        if (request.shard().count() > model.samples().size()) {
            throw new UserException(
                    ObservationProblems.NO_SHARD,
                    "has more parts than the data have samples ("
                            + model.samples().size() + ")",
                    "--shard " + request.shard());
        }
        Pipeline pipeline = new Pipeline(
                model::graph, CalibrationData.statistics(model.samples(), request.shard()), model.workers(), progress);
        SortedMap<String, SortedMap<Observations.Key, Observations.Kept>> kept = new TreeMap<>();
        List<Pipeline.Attempt> attempts = pipeline.run(
                plans.values().stream()
                        .map(p -> new Pipeline.Task(p, PipelineListener.NONE))
                        .toList(),
                seen -> kept.putAll(seen.get()));
        List<String> served = new ArrayList<>(blind);
        List<String> tried = List.copyOf(plans.keySet());
        for (int i = 0; i < attempts.size(); i++) {
            RuntimeException failure = attempts.get(i).failure();
            if (failure == null) {
                served.add(tried.get(i));
            } else {
                failures.put(tried.get(i), failure);
            }
        }
        if (served.isEmpty() || !named.isEmpty() && !failures.isEmpty()) {
            Map.Entry<String, RuntimeException> first =
                    failures.entrySet().iterator().next();
            throw isBlind(first.getValue())
                    ? new UserException(
                            ObservationProblems.NOT_FOR_TARGET,
                            "calibrates on the quantized network, of which statistics of the float network say nothing; "
                                    + "quantize for it with --calibration",
                            first.getKey())
                    : first.getValue();
        }
        List<Problem> problems = new ArrayList<>(model.remarks());
        failures.forEach((target, e) -> problems.add(unserved(target, e)));
        return new ObserveResult(RunObservations.of(run, model, registry, request.shard(), kept), served, problems);
    }

    /** A pass wanted to run the network on samples, which only a run with data can. */
    private static boolean isBlind(RuntimeException e) {
        return e instanceof UserException u
                && u.problems().stream().anyMatch(p -> p.id().equals(DataProblems.NEEDED.id()));
    }

    private static Problem unserved(String target, RuntimeException e) {
        String why = isBlind(e)
                ? "it calibrates on the quantized network"
                : e instanceof UserException u ? u.problems().get(0).sentence() : String.valueOf(e.getMessage());
        return Problem.note(ObservationProblems.NOT_FOR_TARGET, "is not served: " + why, target);
    }
}
