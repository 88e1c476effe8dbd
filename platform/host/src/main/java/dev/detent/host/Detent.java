package dev.detent.host;

import com.google.common.base.Suppliers;
import dev.detent.host.artifact.InputPath;
import dev.detent.host.artifact.OutputNames;
import dev.detent.host.artifact.StagedOutputDirectory;
import dev.detent.host.artifact.StagingExportContext;
import dev.detent.host.artifact.TargetDirectory;
import dev.detent.host.evaluate.Evaluation;
import dev.detent.host.evaluate.EvaluationMetrics;
import dev.detent.host.evaluate.LayerErrors;
import dev.detent.host.evaluate.LayerFingerprint;
import dev.detent.host.job.BackgroundTask;
import dev.detent.host.job.InputPlaces;
import dev.detent.host.job.PreparedModel;
import dev.detent.host.job.QuantizeOutcome;
import dev.detent.host.job.QuantizeRequest;
import dev.detent.host.job.TargetComparison;
import dev.detent.host.pipeline.FrozenQuantizedModel;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.pipeline.Progress;
import dev.detent.host.plan.Plan;
import dev.detent.host.plan.Planner;
import dev.detent.host.plan.StandardRecipes;
import dev.detent.host.plugin.Registry;
import dev.detent.host.record.RunReportWriter;
import dev.detent.host.settings.Settings;
import dev.detent.host.trace.PpqTraceRecorder;
import dev.detent.host.trace.TraceFile;
import dev.detent.kernel.Invariants;
import dev.detent.report.HtmlReport;
import dev.detent.runtime.Samples;
import dev.detent.runtime.Simulation;
import dev.detent.spi.backend.Target;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.option.Options;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.problem.PluginException;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.Slot;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The Java API: what the command does, for an SDK that embeds it. Thread-safe; a call runs on its caller's thread and
 * its workers.
 */
public final class Detent {

    /** Samples for the per-layer error of every run. */
    private static final int LAYER_SAMPLES = 2;

    /** Below this a layer's output is more noise than signal for any practical purpose. */
    private static final double COLLAPSED = 5;

    private final Supplier<Registry> plugins;
    private final String version;

    /** @param version Detent's version, for provenance */
    public Detent(Registry registry, String version) {
        this(() -> registry, version);
    }

    /** @param plugins asked once, when they are first needed: a model is read meanwhile */
    public Detent(Supplier<Registry> plugins, String version) {
        this.plugins = Suppliers.memoize(plugins::get);
        this.version = version;
    }

    public Registry registry() {
        return plugins.get();
    }

    /** The plan a target and settings lead to; no model is needed. */
    public Plan plan(String target, Settings settings) {
        return new Planner(settings(settings))
                .plan(settings.apply(registry().target(target).recipe(StandardRecipes.INSTANCE), registry()));
    }

    private Registry settings(Settings settings) {
        return registry().withObserverOptions(settings.observerOptions(registry()));
    }

    /**
     * Quantizes, exports, scores and reports. Either everything lies in the output folder afterwards or nothing of this
     * run does.
     */
    public QuantizeOutcome quantize(QuantizeRequest request, Progress progress) {
        try (StagedOutputDirectory folder = open(request, OutputNames.OF_EVERY_RUN);
                BackgroundTask<PreparedModel> reading =
                        BackgroundTask.of("detent-reader", () -> new PreparedModel(request, progress))) {
            Job job = job(request.target(), request);
            try (PreparedModel inputs = reading.get()) {
                Run run = run(job, request, inputs, new TargetDirectory(folder, ""), progress);
                folder.commit();
                request.trace().ifPresent(t -> TraceFile.write(t, run.trace().json()));
                return run.outcome();
            }
        }
    }

    /** Takes the output folder, after a look at every place the run writes to. */
    private static StagedOutputDirectory open(QuantizeRequest request, List<String> names) {
        List<InputPath> inputs = InputPlaces.of(request);
        request.trace().ifPresent(t -> {
            InputPath.refuseFile(t, "--trace", inputs);
            TraceFile.refuseOther(t);
        });
        return StagedOutputDirectory.open(request.out(), inputs, names);
    }

    /**
     * Quantizes one model for several targets from one look at the data: every target's files in a folder of its own,
     * and a comparison of what they decided. A target comes out as it would alone, but for one thing: observers that
     * sample large tensors (mse) see them in the layout that suits all targets together, so their scales may differ in
     * the fourth digit. A target that fails costs the others nothing: they are written, what an earlier run wrote for
     * it stays, and the comparison says why it failed.
     *
     * @throws RuntimeException that of the first target when all fail
     */
    public TargetComparison compare(QuantizeRequest request, List<String> targets, Progress progress) {
        List<Job> jobs = targets.stream().distinct().map(t -> job(t, request)).toList();
        List<String> names = new ArrayList<>(List.of(OutputNames.RECORD, OutputNames.COMPARISON));
        jobs.forEach(j -> OutputNames.OF_EVERY_RUN.forEach(n -> names.add(j.prefix() + n)));
        try (StagedOutputDirectory folder = open(request, names);
                PreparedModel inputs = new PreparedModel(request, progress)) {
            Map<String, RuntimeException> failures = new LinkedHashMap<>();
            for (Job j : jobs) {
                attempt(
                        j,
                        failures,
                        () -> inputs.observations()
                                .collect(() -> new Pipeline(
                                                j.registry(),
                                                j.target(),
                                                request.workers(),
                                                progress,
                                                Pipeline.Listener.NONE,
                                                inputs.observations())
                                        .run(inputs.graph(), j.plan(), inputs.samples())));
            }
            inputs.samples()
                    .ifPresent(s ->
                            inputs.observations().observeCollected(s, d -> progress.at("observation", d, s.size())));
            int passes = inputs.observations().graphs();
            List<Run> runs = new ArrayList<>();
            for (Job j : jobs) {
                TargetDirectory own = new TargetDirectory(folder, j.prefix());
                attempt(j, failures, () -> runs.add(run(j, request, inputs, own, progress)));
                if (failures.containsKey(j.target().id())) {
                    folder.abandon(j.prefix());
                }
            }
            if (runs.isEmpty()) {
                throw failures.values().iterator().next();
            }
            TargetComparison comparison = TargetComparison.of(runs, passes, failures);
            comparison.write(new TargetDirectory(folder, ""), request.model(), version);
            folder.commit();
            return comparison;
        }
    }

    /** Does one target's part unless an earlier one has failed; what it throws is kept for the end. */
    private static void attempt(Job job, Map<String, RuntimeException> failures, Runnable part) {
        String target = job.target().id();
        if (!failures.containsKey(target)) {
            try {
                part.run();
            } catch (RuntimeException e) {
                failures.put(target, e);
            }
        }
    }

    /** A target with everything decided that needs no model. */
    private record Job(Target target, Registry registry, Plan plan, Exporter exporter, Options options) {

        /** The target's folder among others. */
        String prefix() {
            return TargetDirectory.nameOf(target.id()) + "/";
        }
    }

    private Job job(String id, QuantizeRequest request) {
        Target target = registry().target(id);
        Registry configured = settings(request.settings());
        Plan plan = new Planner(configured)
                .plan(request.settings().apply(target.recipe(StandardRecipes.INSTANCE), registry()));
        Exporter exporter = exporter(target, request.format());
        return new Job(
                target,
                configured,
                plan,
                exporter,
                Registry.parse(
                        "format '" + exporter.id() + "'",
                        exporter.id(),
                        exporter.options(),
                        request.settings().options().getOrDefault(exporter.id(), Map.of())));
    }

    /** What the layers of the simulated network make of a few samples, and of noise. */
    private record Layers(List<LayerErrors.Layer> errors, Map<Slot, LayerFingerprint> fingerprints) {

        static Layers measure(Pipeline.Result result, Quantization quantization, Optional<Samples> samples) {
            try (Simulation simulated = LayerFingerprint.simulation(result.graph(), quantization)) {
                return new Layers(
                        samples.map(s -> LayerErrors.measure(
                                        result.floatGraph(), result.graph(), quantization, simulated, s, LAYER_SAMPLES))
                                .orElse(List.of()),
                        LayerFingerprint.of(result.graph(), simulated));
            }
        }
    }

    /** One target's result, with what a comparison needs. */
    public record Run(Target target, Pipeline.Result result, QuantizeOutcome outcome, PpqTraceRecorder trace) {}

    private Run run(Job job, QuantizeRequest request, PreparedModel inputs, TargetDirectory folder, Progress progress) {
        Target target = job.target();
        PpqTraceRecorder trace =
                new PpqTraceRecorder(request.model().getFileName().toString(), target.id(), "default");
        Pipeline.Result result = new Pipeline(
                        job.registry(),
                        target,
                        request.workers(),
                        progress,
                        request.trace().isPresent() ? trace : Pipeline.Listener.NONE,
                        inputs.observations())
                .run(inputs.graph(), job.plan(), inputs.samples());
        List<String> unsettled = Invariants.check(result.configs(), EnumSet.of(Fact.EXPORTABLE));
        if (!unsettled.isEmpty()) {
            String left = "the plan ends with configs that cannot be exported: " + String.join("; ", unsettled);
            List<String> off = request.settings().disabled();
            throw off.isEmpty()
                    ? new PluginException("DT-PLN-005", left, "plan")
                    : new UserException(
                            "DT-PLN-005",
                            left + "; a pass that was switched off is needed: " + String.join(", ", off),
                            "--set");
        }
        FrozenQuantizedModel frozen = new FrozenQuantizedModel(
                stem(request.model().getFileName().toString()),
                target.id(),
                result.graph(),
                result.configs().snapshot());
        List<Problem> problems = new ArrayList<>(inputs.remarks());
        problems.addAll(result.problems());
        Layers layers;
        try (BackgroundTask<Layers> measured = BackgroundTask.of(
                        "detent-layers", () -> Layers.measure(result, frozen.quantization(), inputs.samples()));
                StagingExportContext files = new StagingExportContext(
                        folder, job.options(), p -> problems.add(Objects.requireNonNull(p, "problem")), registry().pluginOfTarget(target.id()))) {
            job.exporter().export(frozen, files);
            files.close();
            problems.addAll(target.lint(frozen));
            // The chip cannot take this model: there is nothing to write.
            List<Problem> errors = problems.stream()
                    .filter(p -> p.severity() == Problem.Severity.ERROR)
                    .toList();
            if (!errors.isEmpty()) {
                throw new UserException(errors, null);
            }
            layers = measured.get();
        }
        collapse(layers.errors()).ifPresent(problems::add);
        if (result.graph().nodes().stream().noneMatch(result.configs()::isQuantized)) {
            problems.add(Problem.warning(
                    "DT-QNT-002",
                    "quantizes none of the model's operators; the artefact is the float model",
                    target.id()));
        }
        Optional<Path> runnable =
                folder.staged().stream().filter(Evaluation::isExecutable).findFirst();
        Map<String, EvaluationMetrics> scores = new LinkedHashMap<>();
        inputs.evaluation().ifPresent(e -> {
            scores.put("float", e.floats());
            EvaluationMetrics simulated = e.simulated(result.graph(), frozen.quantization());
            scores.put("simulated", simulated);
            runnable.ifPresent(file -> scores.putAll(e.exported(file, simulated)));
        });
        Evaluation.difference(scores).ifPresent(problems::add);
        int samples = inputs.samples().map(Samples::size).orElse(0);
        RunReportWriter.write(new RunReportWriter(
                version,
                registry().pluginOfTarget(target.id()),
                request,
                target,
                job.exporter(),
                job.plan(),
                result,
                layers.errors(),
                problems,
                scores,
                folder,
                inputs,
                samples,
                layers.fingerprints()));
        Path out = request.out().resolve(folder.prefix());
        return new Run(
                target,
                result,
                new QuantizeOutcome(
                        out,
                        scores,
                        layers.errors(),
                        problems,
                        folder.sizes(),
                        inputs.bytes(),
                        (int) result.graph().nodes().stream()
                                .filter(result.configs()::isQuantized)
                                .count(),
                        inputs.nodes(),
                        samples,
                        runnable.map(f -> out.resolve(f.getFileName()))),
                trace);
    }

    private static Exporter exporter(Target target, Optional<String> format) {
        List<Exporter> exporters = target.exporters();
        if (exporters.isEmpty()) {
            throw new UserException(
                    "DT-EXP-010",
                    "target '" + target.id() + "' has no exporter; it serves 'detent trace' and comparison only",
                    target.id());
        }
        return format.map(f -> exporters.stream()
                        .filter(e -> e.id().equals(f))
                        .findFirst()
                        .orElseThrow(() -> new UserException(
                                "DT-EXP-011",
                                "target '" + target.id() + "' writes "
                                        + exporters.stream().map(Exporter::id).toList() + ", not '" + f + "'",
                                "--format")))
                .orElse(exporters.get(0));
    }

    /** The network has collapsed when its last layers are noise; the layer where the SNR fell most is to blame. */
    private static Optional<Problem> collapse(List<LayerErrors.Layer> layers) {
        if (layers.isEmpty() || layers.get(layers.size() - 1).snr() >= COLLAPSED) {
            return Optional.empty();
        }
        int worst = 0;
        double drop = 0;
        for (int i = 0; i < layers.size(); i++) {
            double fall = (i == 0 ? 40 : Math.min(40, layers.get(i - 1).snr()))
                    - layers.get(i).snr();
            if (fall > drop) {
                drop = fall;
                worst = i;
            }
        }
        return Optional.of(Problem.warning(
                "DT-QNT-001",
                "the quantized network collapses: its last layer has an SNR of "
                        + HtmlReport.decibels(layers.get(layers.size() - 1).snr())
                        + "; it breaks here, where the SNR falls "
                        + (Double.isInfinite(drop) ? "" : "by " + HtmlReport.decibels(drop) + " ") + "to "
                        + HtmlReport.decibels(layers.get(worst).snr())
                        + "; per-channel weights, equalization (--set equalization=on) or another target may help",
                layers.get(worst).node()));
    }

    public static String stem(String name) {
        return name.endsWith(".onnx") ? name.substring(0, name.length() - 5) : name;
    }
}
