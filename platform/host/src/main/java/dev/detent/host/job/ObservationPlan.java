package dev.detent.host.job;

import dev.detent.host.observe.Observations;
import dev.detent.host.observe.Shard;
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
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How targets look at data: their plans, without what runs the quantized network, up to the last step that looks.
 *
 * @param plans of the targets that look
 * @param blind targets that quantize weights alone, so that there is nothing to keep for them
 * @param unplanned why there is no plan for a target
 */
record ObservationPlan(
        QuantizeRequest run,
        Registry registry,
        Map<String, TargetPlan> plans,
        List<String> blind,
        Map<String, UserException> unplanned) {

    /** For the targets of a request, or for all that write something. */
    static ObservationPlan of(QuantizeRequest run, Registry registry) {
        List<String> targets = run.targets().isEmpty()
                ? registry.targets().stream()
                        .filter(t -> !t.exporters().isEmpty())
                        .map(Target::id)
                        .toList()
                : run.targets();
        ObservationPlan all =
                new ObservationPlan(run, registry, new LinkedHashMap<>(), new ArrayList<>(), new LinkedHashMap<>());
        targets.forEach(all::plan);
        return all;
    }

    private void plan(String target) {
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
            unplanned.put(target, e);
        }
    }

    /**
     * Looks at a part of the samples.
     *
     * @throws RuntimeException that of the first target when none is served, or of one that was named
     */
    ObserveResult observe(Shard shard, PreparedModel model, Progress progress) {
        if (shard.count() > model.samples().size()) {
            throw new UserException(
                    ObservationProblems.NO_SHARD,
                    "there are more parts than samples (" + model.samples().size() + ")",
                    "part " + shard);
        }
        Pipeline pipeline = new Pipeline(
                model::graph, CalibrationData.statistics(model.samples(), shard), model.workers(), progress);
        SortedMap<String, SortedMap<Observations.Key, Observations.Kept>> kept = new TreeMap<>();
        List<Pipeline.Attempt> attempts = pipeline.run(
                plans.values().stream()
                        .map(p -> new Pipeline.Task(p, PipelineListener.NONE))
                        .toList(),
                seen -> kept.putAll(seen.get()));
        List<String> served = new ArrayList<>(blind);
        Map<String, RuntimeException> failures = new LinkedHashMap<>(unplanned);
        List<String> tried = List.copyOf(plans.keySet());
        for (int i = 0; i < attempts.size(); i++) {
            RuntimeException failure = attempts.get(i).failure();
            if (failure == null) {
                served.add(tried.get(i));
            } else {
                failures.put(tried.get(i), failure);
            }
        }
        if (served.isEmpty() || !run.targets().isEmpty() && !failures.isEmpty()) {
            throw refusal(failures.entrySet().iterator().next());
        }
        List<Problem> problems = new ArrayList<>(model.remarks());
        failures.forEach((target, e) -> problems.add(unserved(target, e)));
        return new ObserveResult(RunObservations.of(run, model, registry, shard, kept), served, problems);
    }

    private static RuntimeException refusal(Map.Entry<String, RuntimeException> failure) {
        return isBlind(failure.getValue())
                ? new UserException(
                        ObservationProblems.NOT_FOR_TARGET,
                        "calibrates on the quantized network, of which statistics of the float network say nothing; "
                                + "quantize for it with --calibration",
                        failure.getKey())
                : failure.getValue();
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
