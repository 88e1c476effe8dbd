package dev.detent.host.job;

import dev.detent.host.analyze.Analysis;
import dev.detent.host.analyze.AnalysisEffort;
import dev.detent.host.analyze.Cure;
import dev.detent.host.analyze.Cures;
import dev.detent.host.analyze.ErrorAnalysis;
import dev.detent.host.analyze.Measurements;
import dev.detent.host.analyze.RangeSupport;
import dev.detent.host.analyze.Verdicts;
import dev.detent.host.artifact.StagingExportContext;
import dev.detent.host.artifact.TargetDirectory;
import dev.detent.host.data.CalibrationPictures;
import dev.detent.host.evaluate.Evaluation;
import dev.detent.host.evaluate.EvaluationData;
import dev.detent.host.evaluate.EvaluationMetrics;
import dev.detent.host.evaluate.LayerErrors;
import dev.detent.host.evaluate.LayerFingerprint;
import dev.detent.host.evaluate.LostOperands;
import dev.detent.host.evaluate.NoiseSamples;
import dev.detent.host.evaluate.Probe;
import dev.detent.host.evaluate.Speed;
import dev.detent.host.pipeline.FrozenQuantizedModel;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.pipeline.QuantizedNodes;
import dev.detent.host.plan.PlannedTarget;
import dev.detent.host.plan.TargetPlan;
import dev.detent.host.problem.ObservationProblems;
import dev.detent.host.problem.QuantizationProblems;
import dev.detent.host.problem.RuleProblems;
import dev.detent.host.problem.SettingsProblems;
import dev.detent.host.progress.BackgroundTask;
import dev.detent.host.progress.Progress;
import dev.detent.host.record.RunRecordWriter;
import dev.detent.onnx.OnnxReader;
import dev.detent.runtime.RewritingCost;
import dev.detent.runtime.Samples;
import dev.detent.runtime.Simulation;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.Quantization;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** What is done with a target's result when its plan has run: export, measure, judge, record. */
record TargetFinisher(String version, QuantizeRequest request, PreparedModel model, Progress progress) {

    /** Samples for the per-layer error of every run. */
    private static final int LAYER_SAMPLES = 2;

    /** What the layers of the simulated network make of a few samples, and of noise. */
    private record Layers(List<LayerErrors.Layer> errors, Measurements.Prints prints) {}

    /** What the chip cannot take is not written. */
    private static void refuseErrors(List<Problem> problems) {
        List<Problem> errors = problems.stream()
                .filter(p -> p.severity() == Problem.Severity.ERROR)
                .toList();
        if (!errors.isEmpty()) {
            throw new UserException(errors, null);
        }
    }

    TargetRun finish(PlannedTarget target, Pipeline.Result result, TargetDirectory folder) {
        FrozenQuantizedModel frozen = new FrozenQuantizedModel(
                model.facts().stem(),
                target.id(),
                result.graph(),
                result.configs().snapshot());
        List<Problem> problems = new ArrayList<>(model.remarks());
        problems.addAll(result.problems());
        Layers layers;
        Optional<Path> runnable;
        try (BackgroundTask<Layers> measured =
                        BackgroundTask.of("detent-layers", () -> layers(result, frozen.quantization()));
                StagingExportContext files = new StagingExportContext(
                        folder,
                        target.options(),
                        CalibrationPictures.of(
                                result.graph(),
                                request.calibration(),
                                request.samples(),
                                request.order(),
                                request.preprocessing()),
                        p -> problems.add(Objects.requireNonNull(p, "problem")),
                        target.plan().plugin())) {
            target.exporter().export(frozen, files);
            files.close();
            problems.addAll(target.plan().target().lint(frozen));
            refuseErrors(problems);
            runnable = folder.staged().stream().filter(Evaluation::isExecutable).findFirst();
            runnable.flatMap(Evaluation::load).ifPresent(problems::add);
            layers = measured.get();
        }
        leftOut(target).ifPresent(problems::add);
        model.evaluation()
                .flatMap(e -> Evaluation.chance(
                        e.floats(),
                        request.evaluation().map(EvaluationData.Source::data).orElse("")))
                .ifPresent(problems::add);
        model.evaluation().flatMap(Evaluation::uncompared).ifPresent(problems::add);
        problems.addAll(overridden(target.plan()));
        problems.addAll(idle(result));
        problems.addAll(LostOperands.of(result.graph(), frozen.quantization()));
        Map<String, EvaluationMetrics> scores = scores(result, frozen.quantization(), runnable);
        Analyzed analyzed = analyzed(target, result, scores, problems);
        Measurements measured = new Measurements(
                layers.errors(),
                layers.prints(),
                scores,
                analyzed.analysis(),
                analyzed.cures(),
                RangeSupport.of(result));
        Diagnosis.of(target.id(), result, measured).stream()
                .filter(p -> !problems.contains(p))
                .forEach(problems::add);
        new RunRecordWriter(version, model.facts(), model.calibration(), target, result, measured, problems)
                .write(folder);
        return new TargetRun(
                target.id(),
                result,
                new QuantizeOutcome(
                        request.out().resolve(folder.prefix()),
                        new QuantizeOutcome.Files(
                                folder.sizes(),
                                runnable.map(f -> f.getFileName().toString()).stream()
                                        .toList()),
                        model.facts(),
                        measured,
                        problems,
                        Diagnosis.quantizedNodes(result),
                        model.calibration().samples()),
                runnable.flatMap(file -> speed(result, file)));
    }

    /** Measured when nothing else runs any more. */
    private Optional<Speed> speed(Pipeline.Result result, Path file) {
        if (!request.measuresSpeed()
                || !request.source().isOnnx()
                || !RewritingCost.isAffordable(OnnxReader.read(file))) {
            return Optional.empty();
        }
        Optional<Samples> samples = model.samples().size() > 0
                ? Optional.of(model.samples())
                : Probe.of(result.graph(), model.samples()).map(p -> new NoiseSamples(result.graph(), 1, p));
        return samples.flatMap(s -> Speed.measure(request.model(), file, s));
    }

    /** Which layers cost what, where there are samples to see it on. */
    private record Analyzed(Optional<Analysis> analysis, List<Cure> cures) {
        static final Analyzed NOTHING = new Analyzed(Optional.empty(), List.of());
    }

    private Analyzed analyzed(
            PlannedTarget target,
            Pipeline.Result result,
            Map<String, EvaluationMetrics> scores,
            List<Problem> problems) {
        if (model.samples().size() == 0 || QuantizedNodes.count(result) == 0) {
            return Analyzed.NOTHING;
        }
        try (ErrorAnalysis analysis = ErrorAnalysis.of(result)) {
            if (analysis.outputs().isEmpty()) {
                problems.add(notAnalyzed(target, "it has no output of floats to judge them by"));
                return Analyzed.NOTHING;
            }
            AnalysisEffort effort = request.analysis()
                    .orElseGet(() -> AnalysisEffort.ofReport(
                            model.samples().size(), result.graph().nodes().size()));
            Analysis found = analysis.run(model.samples(), effort, model.workers(), progress);
            boolean wanted = request.analysis().isPresent() || Verdicts.needsCure(scores, found);
            List<Cure> cures = wanted
                    ? Cures.of(
                            analysis,
                            found,
                            target.plan().target(),
                            result.graph(),
                            model.samples().first(Math.max(effort.layers(), effort.survey())),
                            model.workers())
                    : List.of();
            return new Analyzed(Optional.of(found), cures);
        } catch (UserException e) {
            problems.add(notAnalyzed(target, e.problems().get(0).sentence()));
            return Analyzed.NOTHING;
        }
    }

    private static Problem notAnalyzed(PlannedTarget target, String why) {
        return Problem.note(
                QuantizationProblems.NOT_ANALYZED, "cannot be looked at layer by layer: " + why, target.id());
    }

    private static List<Problem> overridden(TargetPlan plan) {
        return plan.plan().steps().stream()
                .filter(s -> plan.switchedOff().contains(s.id()))
                .map(s -> Problem.warning(
                        SettingsProblems.OVERRIDDEN,
                        "is switched off by --set, and runs with its defaults: " + s.reason(),
                        s.id()))
                .toList();
    }

    /** A person who asked for a pass waits for what it does; of those that a target runs by itself this is a note. */
    private List<Problem> idle(Pipeline.Result result) {
        Set<String> busy = result.whole()
                .flatMap(part -> part.steps().stream())
                .filter(s -> !s.idle())
                .map(s -> s.step().id())
                .collect(Collectors.toSet());
        return result.steps().stream()
                .filter(Pipeline.DoneStep::idle)
                .map(s -> s.step().id())
                .filter(id -> !busy.contains(id))
                .map(id -> request.settings().enabled().contains(id)
                        ? Problem.warning(
                                SettingsProblems.CHANGED_NOTHING,
                                "was asked for and changed nothing: this model has nothing that it works on",
                                id)
                        : Problem.note(
                                SettingsProblems.CHANGED_NOTHING,
                                "changed nothing: this model has nothing that it works on",
                                id))
                .toList();
    }

    private Optional<Problem> leftOut(PlannedTarget target) {
        List<String> passes = request.leftOut(target.plan().registry(), target.id());
        return passes.isEmpty()
                ? Optional.empty()
                : Optional.of(Problem.warning(
                        request.observations().isPresent() ? ObservationProblems.LEFT_OUT : RuleProblems.WITHOUT_DATA,
                        "goes without " + String.join(", ", passes) + ", which "
                                + (request.observations().isPresent()
                                        ? "takes samples; quantize with --calibration to have it"
                                        : "look at data; give --calibration as well to have them"),
                        target.id()));
    }

    private Layers layers(Pipeline.Result result, Quantization quantization) {
        try (Simulation simulated = LayerFingerprint.simulation(result.graph(), quantization)) {
            return new Layers(
                    model.samples().size() == 0
                            ? List.of()
                            : LayerErrors.measure(
                                    result.floatGraph(),
                                    result.graph(),
                                    quantization,
                                    simulated,
                                    model.samples(),
                                    LAYER_SAMPLES),
                    prints(result, simulated));
        }
    }

    /** Fingerprints are for {@code verify} only; a network that fails on noise simply has none. */
    private Measurements.Prints prints(Pipeline.Result result, Simulation simulated) {
        try {
            return Probe.of(result.graph(), model.samples())
                    .map(p -> new Measurements.Prints(p, LayerFingerprint.of(result.graph(), simulated, p)))
                    .orElse(Measurements.Prints.NONE);
        } catch (UserException e) {
            return Measurements.Prints.NONE;
        }
    }

    private Map<String, EvaluationMetrics> scores(
            Pipeline.Result result, Quantization quantization, Optional<Path> runnable) {
        Map<String, EvaluationMetrics> scores = new LinkedHashMap<>();
        model.evaluation().ifPresent(e -> {
            scores.put("float", e.floats());
            EvaluationMetrics simulated = e.simulated(result.graph(), quantization);
            scores.put("simulated", simulated);
            runnable.ifPresent(file -> scores.putAll(e.exported(file, simulated)));
        });
        return scores;
    }
}
