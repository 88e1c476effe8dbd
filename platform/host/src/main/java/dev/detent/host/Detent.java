package dev.detent.host;

import com.google.inject.Guice;
import dev.detent.host.check.TargetCheck;
import dev.detent.host.job.DryRun;
import dev.detent.host.job.EvaluateJob;
import dev.detent.host.job.EvaluateRequest;
import dev.detent.host.job.EvaluateResult;
import dev.detent.host.job.ObserveInParts;
import dev.detent.host.job.ObserveJob;
import dev.detent.host.job.ObserveRequest;
import dev.detent.host.job.ObserveResult;
import dev.detent.host.job.QuantizeJob;
import dev.detent.host.job.QuantizeRequest;
import dev.detent.host.job.QuantizeResult;
import dev.detent.host.job.TuneJob;
import dev.detent.host.job.TuneListener;
import dev.detent.host.job.TuneRequest;
import dev.detent.host.job.TuneResult;
import dev.detent.host.model.ModelFile;
import dev.detent.host.normalize.GraphNormalizer;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.pipeline.PipelineListener;
import dev.detent.host.plan.Plan;
import dev.detent.host.plan.Planner;
import dev.detent.host.plan.StandardRecipes;
import dev.detent.host.plan.TargetPlan;
import dev.detent.host.plugin.Registry;
import dev.detent.host.progress.Progress;
import dev.detent.host.ranges.RangeFile;
import dev.detent.host.rules.KnownRanges;
import dev.detent.host.settings.Settings;
import dev.detent.host.verify.VerifyJob;
import dev.detent.report.Json;
import dev.detent.runtime.CustomOperators;
import dev.detent.runtime.OrtModel;
import dev.detent.runtime.Samples;
import dev.detent.spi.HostInfo;
import dev.detent.spi.SpiVersion;
import dev.detent.spi.backend.QuantizationRecipe;
import dev.detent.spi.graph.Graph;
import jakarta.inject.Inject;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The Java API: what the command does, for an SDK that embeds it. Thread-safe; a call runs on its caller's thread and
 * its workers.
 */
public final class Detent {

    private final Supplier<Registry> plugins;
    private final QuantizeJob quantize;
    private final ObserveJob observe;
    private final TuneJob tune;
    private final EvaluateJob evaluate;
    private final VerifyJob verify;

    @Inject
    Detent(
            Supplier<Registry> plugins,
            QuantizeJob quantize,
            ObserveJob observe,
            TuneJob tune,
            EvaluateJob evaluate,
            VerifyJob verify) {
        this.plugins = plugins;
        this.quantize = quantize;
        this.observe = observe;
        this.tune = tune;
        this.evaluate = evaluate;
        this.verify = verify;
    }

    /** @param version Detent's version, for provenance */
    public static Detent of(Registry registry, String version) {
        return of(() -> registry, version);
    }

    /** @param plugins asked once, when they are first needed: a model is read meanwhile */
    public static Detent of(Supplier<Registry> plugins, String version) {
        return Guice.createInjector(new HostModule(plugins, new HostInfo(version, SpiVersion.CURRENT)))
                .getInstance(Detent.class);
    }

    /** Everything the installed plugins contribute. */
    public Registry registry() {
        return plugins.get();
    }

    /** What a target wants done, before anybody's settings. */
    public QuantizationRecipe recipe(String target) {
        return registry().target(target).recipe(StandardRecipes.INSTANCE);
    }

    /** The plan a target and settings lead to; no model is needed. */
    public Plan plan(String target, Settings settings) {
        return TargetPlan.of(registry(), target, settings).plan();
    }

    /** What a model's nodes become on some targets, and what rules hit, before any data are touched. */
    public List<DryRun> dryRun(Path model, List<String> targets, Settings settings) {
        return DryRun.of(registry(), model, targets, settings);
    }

    /** What a model will be on some targets; needs no data. */
    public List<TargetCheck> check(Path model, List<String> targets, Settings settings) {
        return dryRun(model, targets, settings).stream().map(TargetCheck::of).toList();
    }

    /** Ranges that a former run or another tool found, for {@link Settings#with(KnownRanges)}. */
    public static KnownRanges ranges(Path file) {
        return RangeFile.read(file);
    }

    /** Maps, lists, texts, numbers and booleans as JSON, as the records of runs are written. */
    public static String json(Object value) {
        return Json.pretty(value);
    }

    /**
     * Quantizes for one target or several, exports, scores and reports. What failed of several targets is in the
     * result; see {@link QuantizeJob}.
     */
    public QuantizeResult quantize(QuantizeRequest request, Progress progress) {
        return quantize.run(request, progress);
    }

    /** Looks at data for later runs that have none; see {@link ObserveJob}. */
    public ObserveResult observe(ObserveRequest request, Progress progress) {
        return observe.run(request, progress);
    }

    /** The same part by part, going on where it was ended; see {@link ObserveJob#runInParts}. */
    public ObserveResult observe(ObserveInParts request, Progress progress) {
        return observe.runInParts(request, progress);
    }

    /** Searches for the cheapest mix of widths that holds a goal; see {@link TuneJob}. */
    public TuneResult tune(TuneRequest request, Progress progress, TuneListener listener) {
        return tune.run(request, progress, listener);
    }

    /** Scores what a finished run wrote, by target. */
    public EvaluateResult evaluate(EvaluateRequest request, Progress progress) {
        return evaluate.run(request, progress);
    }

    /** Reads back what a finished run wrote and holds it against the run's record; see {@link VerifyJob}. */
    public VerifyJob.Report verify(Path out, Optional<VerifyJob.Data> data) {
        return verify.run(out, data);
    }

    /** Begins to load ONNX Runtime on a thread of its own, for a program that will run a model soon. */
    public static void preload() {
        OrtModel.preload();
    }

    /**
     * Libraries with kernels for operators that ONNX Runtime does not bring, for all models that this process runs from
     * now on; none at first.
     *
     * @throws dev.detent.spi.problem.UserException one of them is no file
     */
    public static void useOperators(List<Path> libraries) {
        CustomOperators.use(libraries);
    }

    /** Reads a model as it stands: an ONNX file, or a prototxt with the caffemodel beside it. */
    public static Graph read(Path model) {
        return new ModelFile(model, Optional.empty()).read();
    }

    /** Reads a model and brings it into the form that plans expect. */
    public static Graph normalized(Path model) {
        Graph graph = read(model);
        GraphNormalizer.normalize(graph, model.toString());
        return graph;
    }

    /**
     * Runs a recipe of the caller's for a target, writes nothing and asks for no exportable end: for those who study
     * what the steps do. One thread.
     *
     * @param normalized from {@link #normalized}; stays as it is
     */
    public void watch(
            Graph normalized, String target, QuantizationRecipe recipe, Samples samples, PipelineListener listener) {
        Plan plan = new Planner(registry()).plan(recipe).withoutFreeze();
        TargetPlan run = new TargetPlan(
                registry().target(target), registry().pluginOfTarget(target), registry(), plan, List.of());
        new Pipeline(normalized::copy, samples, 1, Progress.QUIET)
                .run(List.of(new Pipeline.Task(run, listener)))
                .get(0)
                .result();
    }
}
