package dev.detent.cli;

import dev.detent.host.Detent;
import dev.detent.host.artifact.InputPath;
import dev.detent.host.evaluate.EvaluationData;
import dev.detent.host.evaluate.EvaluationMetrics;
import dev.detent.host.job.InputPlaces;
import dev.detent.host.job.QuantizeOutcome;
import dev.detent.host.job.QuantizeRequest;
import dev.detent.host.job.QuantizeResult;
import dev.detent.host.job.TargetComparison;
import dev.detent.host.job.TargetRun;
import dev.detent.host.observe.KnownObservations;
import dev.detent.host.plugin.TargetIds;
import dev.detent.host.problem.InternalProblems;
import dev.detent.host.problem.ObservationProblems;
import dev.detent.host.problem.OutputProblems;
import dev.detent.host.record.ModelFacts;
import dev.detent.host.settings.Effort;
import dev.detent.host.settings.Prefer;
import dev.detent.host.settings.Settings;
import dev.detent.host.settings.SettingsFile;
import dev.detent.host.trace.PpqTraceRecorder;
import dev.detent.host.trace.TraceFile;
import dev.detent.spi.problem.DetentException;
import dev.detent.spi.problem.InternalException;
import dev.detent.spi.problem.PluginException;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.ProblemType;
import dev.detent.spi.problem.UserException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "quantize",
        description = "Quantizes a model for a target and writes what its toolchain runs.",
        sortOptions = false)
class QuantizeCommand implements Callable<Integer> {

    static final List<String> KEYS = DataOptions.keysWith(
            "weights",
            "backend",
            "cpu",
            "format",
            "effort",
            "prefer",
            "set",
            "rules",
            "ranges",
            "observations",
            "out",
            "evaluate",
            "labels",
            "evaluate-samples",
            "trace");

    @Parameters(paramLabel = "MODEL", description = "float model: ONNX, or a Caffe prototxt")
    Path model;

    @Option(
            names = "--weights",
            paramLabel = "FILE",
            description = "caffemodel of a Caffe network (default: the one beside the prototxt)")
    Optional<Path> weights = Optional.empty();

    @Option(
            names = "--backend",
            paramLabel = "ID",
            description = "target, see 'detent backends'; several, separated by commas, from one look at the data")
    Optional<String> backend = Optional.empty();

    @Mixin
    TargetOptions target;

    @Option(names = "--format", paramLabel = "ID", description = "one of the target's formats, see 'detent backends'")
    Optional<String> format = Optional.empty();

    @Mixin
    DataOptions data;

    @Option(
            names = "--effort",
            converter = EffortConverter.class,
            paramLabel = "E",
            description = "fast, balanced (default) or thorough: learns weights and scales block by block")
    Optional<Effort> effort = Optional.empty();

    @Option(
            names = "--prefer",
            paramLabel = "WHAT",
            description =
                    "speed (default: quantizes what integer kernels gain by), size or accuracy, for targets that weigh them")
    Optional<String> prefer = Optional.empty();

    @Option(
            names = "--set",
            paramLabel = "PASS.OPTION=V",
            description = "an option of a pass or observer; PASS=on|off; dispatcher=ID")
    List<String> set = new ArrayList<>();

    @Mixin
    RuleOptions rules;

    @Option(
            names = "--ranges",
            paramLabel = "FILE",
            description =
                    "ranges found before, instead of calibrating: folder of a run, QNN encodings, TensorRT cache, Q/DQ model")
    Optional<Path> ranges = Optional.empty();

    @Option(
            names = "--observations",
            paramLabel = "FILE",
            description = "statistics of 'detent observe', or the folder of a run, instead of calibration data")
    Optional<Path> observations = Optional.empty();

    @Option(
            names = "--no-observations",
            description = "do not keep the statistics of the data in the folder (observations.bin)")
    boolean withoutObservations;

    @Option(names = "--config", paramLabel = "FILE", description = "settings in YAML, same names as the options")
    Optional<Path> config = Optional.empty();

    @Option(names = "--out", paramLabel = "DIR", description = "folder for the results (default: <model>.<backend>)")
    Optional<Path> out = Optional.empty();

    @Option(
            names = "--evaluate",
            paramLabel = "PATH",
            description = "data to score float, simulated and exported model on")
    Optional<String> evaluate = Optional.empty();

    @Option(
            names = "--labels",
            paramLabel = "FILE",
            description =
                    "class labels of the evaluation data (.npy or CSV file,label); of class folders their names say it")
    Optional<Path> labels = Optional.empty();

    @Option(
            names = "--evaluate-samples",
            converter = PositiveIntegerConverter.class,
            paramLabel = "N",
            description = "score on at most so many samples, the first ones")
    Optional<Integer> evaluateSamples = Optional.empty();

    @Option(
            names = "--fail-below",
            paramLabel = "METRIC=VALUE",
            description = "exit code 1 when the result scores less: agreement=95%%, top-1=70%% or snr=20")
    Optional<String> failBelow = Optional.empty();

    @Option(names = "--no-speed", description = "do not time the float model and the result")
    boolean noSpeed;

    @Option(names = "--quiet", description = "print errors and warnings only")
    boolean quiet;

    @Option(names = "--json", description = "print the result as JSON, and nothing else on standard output")
    boolean json;

    @Option(names = "--trace", paramLabel = "FILE", description = "also write a state trace in the parity schema")
    Optional<Path> trace = Optional.empty();

    @Mixin
    IsolationOptions isolation;

    @Mixin
    EngineOptions engine;

    @Mixin
    InstallationOptions home;

    @Override
    public Integer call() throws Exception {
        engine.prepare();
        return isolation.run(this::quantize);
    }

    private int quantize() {
        Console console = quiet || json ? Console.quiet() : new Console();
        Optional<FailBelow> least = failBelow.map(FailBelow::parse);
        SettingsFile file = config.map(f -> SettingsFile.read(f, KEYS)).orElse(SettingsFile.NONE);
        Optional<Prefer> preferred = prefer.or(() -> file.text("prefer")).map(QuantizeCommand::preference);
        Settings given = CommandSettings.of(file, set, rules, effort, ranges);
        Settings settings = preferred.map(given::with).orElse(given);
        if (settings.effort() != Effort.BALANCED) {
            console.line(
                    "effort " + settings.effort() + ": " + settings.effort().words());
        }
        Optional<KnownObservations> known =
                observations.or(() -> file.path("observations")).map(KnownObservations::read);
        List<String> targets = target.targets(backend, file);
        Optional<String> scored = evaluate.or(() -> file.text("evaluate"));
        Optional<Path> classes = labels.or(() -> file.path("labels"));
        if (classes.isPresent() && scored.isEmpty()) {
            throw new UserException(
                    CliProblems.LABELS_WITHOUT_DATA,
                    "are those of the evaluation data; give that with --evaluate",
                    "--labels");
        }
        Optional<Integer> most = evaluateSamples.or(() -> file.count("evaluate-samples"));
        if (most.isPresent() && scored.isEmpty()) {
            throw new UserException(
                    CliProblems.NO_EFFECT, "counts evaluation data; give them with --evaluate", "--evaluate-samples");
        }
        if (least.isPresent() && scored.isEmpty()) {
            throw new UserException(
                    CliProblems.FAIL_BELOW, "looks at scores; give the data for them with --evaluate", "--fail-below");
        }
        Optional<Path> traced = trace.or(() -> file.path("trace"));
        if (targets.size() > 1 && traced.isPresent()) {
            throw new UserException(CliProblems.TRACE_OF_SEVERAL, "is for one target at a time", "--trace");
        }
        QuantizeRequest.Builder request = QuantizeRequest.of(
                        model,
                        targets,
                        out.or(() -> file.path("out"))
                                .orElseGet(() -> Path.of(ModelFacts.stem(
                                                model.getFileName().toString()) + "."
                                        + (targets.size() > 1 ? "targets" : TargetIds.folderOf(targets.get(0))))))
                .settings(settings);
        data.addTo(
                request,
                file,
                known.map(k -> k.observations().origin().preprocessing()).orElse("none"));
        weights.or(() -> file.path("weights")).ifPresent(request::weights);
        known.ifPresent(request::observations);
        if (withoutObservations) {
            request.withoutObservations();
        }
        format.or(() -> file.text("format")).ifPresent(request::format);
        scored.ifPresent(
                data -> request.evaluation(new EvaluationData.Source(data, most.orElse(0), classes.orElse(null))));
        PpqTraceRecorder recorder = new PpqTraceRecorder(model.getFileName().toString(), targets.get(0), "default");
        traced.ifPresent(t -> request.listener(recorder));
        if (!noSpeed && !quiet) {
            request.measuringSpeed();
        }
        adjust(request);
        QuantizeRequest job = request.build();
        if (known.isPresent() && job.calibration().isPresent()) {
            throw new UserException(
                    ObservationProblems.TWO_SOURCES,
                    "take the place of the data they were made from; leave out --calibration, or them",
                    "--observations");
        }
        refusePlaces(job, ranges.or(() -> file.path("ranges")), traced);
        Detent detent = home.detentAndEngine();
        if (preferred.isPresent() && targets.stream().noneMatch(t -> Prefer.matters(detent.recipe(t)))) {
            throw new UserException(
                    CliProblems.NO_EFFECT,
                    "makes no difference for " + String.join(", ", targets)
                            + ", which weighs nothing; leave it out, or steer with --keep-float and --bits",
                    "--prefer");
        }
        QuantizeResult result = detent.quantize(job, console.progress());
        traced.ifPresent(t -> TraceFile.write(t, recorder.json()));
        if (json) {
            console.text(Detent.json(result.runs().stream()
                    .map(r -> QuantizeJson.of(r.target(), r.outcome(), r.speed()))
                    .toList()));
        }
        if (targets.size() == 1) {
            show(console, result.outcome(), targets.get(0));
            target.madeFor(targets.get(0), file).ifPresent(m -> console.line("made for " + m));
            show(console, result.runs().get(0), "");
            show(console, result.outcome());
            return judge(console, least, result);
        }
        TargetComparison comparison = result.comparison();
        show(console, comparison, job.out());
        result.runs().forEach(r -> show(console, r, r.target() + ": "));
        if (!comparison.failures().isEmpty()) {
            throw failed(console, comparison, job.out());
        }
        return judge(console, least, result);
    }

    /** Exit code 1 when a target scores less than was asked for. */
    private static int judge(Console console, Optional<FailBelow> least, QuantizeResult result) {
        int code = 0;
        for (TargetRun run : result.runs()) {
            Optional<String> broken = least.flatMap(f -> f.broken(run.outcome().scores()));
            broken.ifPresent(b -> console.problem(Problem.error(CliProblems.FAIL_BELOW, b, run.target())));
            code = broken.isPresent() ? 1 : code;
        }
        return code;
    }

    private static Prefer preference(String word) {
        return Prefer.of(word)
                .orElseThrow(() -> new UserException(
                        CliProblems.USAGE, "'" + word + "' is none of speed, size, accuracy", "--prefer"));
    }

    /** How fast the file is. */
    private static void show(Console console, TargetRun run, String start) {
        run.speed().ifPresent(s -> {
            long size = run.outcome()
                    .runnable()
                    .map(f -> run.outcome().files().sizes().getOrDefault(String.valueOf(f.getFileName()), 0L))
                    .orElse(0L);
            console.line(start + s + " on one thread, " + bytes(size) + " of "
                    + bytes(run.outcome().model().bytes()));
            if (!s.slower().isEmpty()) {
                console.line("  longer take " + s.slower());
            }
        });
    }

    /** What another command asks for besides. */
    void adjust(QuantizeRequest.Builder request) {}

    /** What another command shows of a target. */
    void show(Console console, QuantizeOutcome o) {
        console.line(o.verdictSentence());
        o.advice().forEach(a -> console.line("  - " + a));
    }

    /** Nothing is written where something is read. */
    private void refusePlaces(QuantizeRequest job, Optional<Path> known, Optional<Path> traced) {
        List<InputPath> read = new ArrayList<>(InputPlaces.of(job));
        config.ifPresent(f -> read.add(refuseIn(job.out(), "the settings file", f)));
        known.ifPresent(f -> read.add(refuseIn(job.out(), "the source of --ranges", f)));
        traced.ifPresent(t -> {
            InputPath.refuseFile(t, "--trace", read);
            TraceFile.refuseOther(t);
        });
    }

    /**
     * Refuses an output folder that is a place the command reads, or holds it; otherwise that place as an input.
     *
     * @param what it is, e.g. {@code the settings file}
     */
    static InputPath refuseIn(Path out, String what, Path place) {
        InputPath input = new InputPath(what, place);
        InputPath.refuseFolder(out, List.of(input));
        return input;
    }

    /**
     * Shows why targets failed; the exception says what was written all the same and ends as the first failure does.
     */
    private static DetentException failed(Console console, TargetComparison comparison, Path out) {
        comparison.failures().forEach((target, e) -> {
            if (e instanceof DetentException d) {
                d.problems().forEach(p -> console.problem(p, target));
            } else {
                console.problem(Problem.error(
                        InternalProblems.UNEXPECTED, "Detent failed where it should not have: " + e, target));
            }
        });
        ProblemType type = OutputProblems.SOME_TARGETS_FAILED;
        String sentence =
                "is written for " + String.join(", ", comparison.outcomes().keySet()) + "; "
                        + String.join(", ", comparison.failures().keySet()) + " failed";
        RuntimeException first = comparison.failures().values().iterator().next();
        return first instanceof UserException
                ? new UserException(type, sentence, out.toString(), first)
                : first instanceof PluginException
                        ? new PluginException(List.of(Problem.error(type, sentence, out.toString())), first)
                        : new InternalException(type, sentence, out.toString(), first);
    }

    private static void show(Console console, TargetComparison c, Path out) {
        c.outcomes().forEach((target, o) -> Console.grouped(o.problems()).forEach(p -> console.problem(p, target)));
        console.line(
                String.format(Locale.ROOT, "%-18s %10s %9s %10s %10s", "", "quantized", "top-1", "agreement", "SNR"));
        c.outcomes().forEach((target, o) -> {
            List<List<String>> rows = EvaluationMetrics.rows(o.scores());
            if (rows.isEmpty()) {
                console.line(String.format(
                        Locale.ROOT,
                        "%-18s %10s",
                        target,
                        o.nodes() + "/" + o.model().nodes()));
            }
            rows.stream()
                    .filter(r -> !r.get(0).equals("float"))
                    .forEach(r -> console.line(String.format(
                            Locale.ROOT,
                            "%-18s %10s %9s %10s %10s  %s",
                            target,
                            o.nodes() + "/" + o.model().nodes(),
                            r.get(1),
                            r.get(2),
                            r.get(3),
                            r.get(0))));
        });
        console.line("of " + c.slots() + " slots the targets disagree on: state " + c.differInState() + ", scheme "
                + c.differInScheme() + ", scale " + c.differInScale() + " (comparison.html lists them)");
        console.line(
                "observed in " + c.passes() + (c.passes() == 1 ? " pass" : " passes") + " over the calibration data"
                        + (c.passes() > 1 ? ", one for each different float graph (equalization changes it)" : ""));
        console.line("written to " + out + ": one folder per target, comparison.html");
    }

    private static void show(Console console, QuantizeOutcome o, String target) {
        console.problems(o.problems());
        console.line(o.nodes() + " of " + o.model().nodes() + " nodes quantized for " + target + " from " + o.samples()
                + " samples");
        o.measured().ranges().ifPresent(r -> console.line("calibration: " + r.sentence()));
        if (!o.scores().isEmpty()) {
            EvaluateCommand.show(console, o.scores());
        }
        console.line("written to " + o.out() + ": "
                + o.files().sizes().entrySet().stream()
                        .map(e -> e.getKey() + " " + bytes(e.getValue()))
                        .collect(Collectors.joining(", "))
                + " (model " + bytes(o.model().bytes()) + smaller(o) + ")");
    }

    /** How many times as large as the file that ONNX Runtime runs the model is. */
    private static String smaller(QuantizeOutcome o) {
        return o.files().runnable().stream()
                .findFirst()
                .map(f -> o.files().sizes().getOrDefault(f, 0L))
                .filter(n -> n > 0 && n < o.model().bytes())
                .map(n -> String.format(
                        Locale.ROOT, ", %.1f times as large", (double) o.model().bytes() / n))
                .orElse("");
    }

    static String bytes(long n) {
        return n < 1000
                ? n + " B"
                : n < 1_000_000
                        ? String.format(Locale.ROOT, "%.1f kB", n / 1e3)
                        : String.format(Locale.ROOT, "%.2f MB", n / 1e6);
    }
}
