package dev.detent.cli;

import dev.detent.host.Detent;
import dev.detent.host.evaluate.AskedMetric;
import dev.detent.host.evaluate.EvaluationData;
import dev.detent.host.evaluate.EvaluationMetrics;
import dev.detent.host.job.MetricCommand;
import dev.detent.host.job.QuantizeRequest;
import dev.detent.host.job.TuneJob;
import dev.detent.host.job.TuneListener;
import dev.detent.host.job.TuneRequest;
import dev.detent.host.job.TuneResult;
import dev.detent.host.job.TuneTrial;
import dev.detent.host.plugin.Registry;
import dev.detent.host.plugin.TargetIds;
import dev.detent.host.problem.TuneProblems;
import dev.detent.host.record.ModelFacts;
import dev.detent.host.search.CostModel;
import dev.detent.host.search.Goal;
import dev.detent.host.search.SearchSpace;
import dev.detent.host.settings.Settings;
import dev.detent.host.settings.SettingsFile;
import dev.detent.spi.evaluate.Metric;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.UserException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "tune",
        description = "Searches for the cheapest mix of 8 bits, 16 bits and float that holds a goal.",
        sortOptions = false)
final class TuneCommand implements Callable<Integer> {

    static final List<String> KEYS =
            DataOptions.keysWith("backend", "cpu", "format", "set", "out", "evaluate", "labels", "rules");

    @Parameters(paramLabel = "MODEL", description = "float ONNX model")
    Path model;

    @Option(names = "--backend", paramLabel = "ID", description = "target, see 'detent backends'")
    Optional<String> backend = Optional.empty();

    @Mixin
    TargetOptions target;

    @Option(names = "--format", paramLabel = "ID", description = "one of the target's formats, see 'detent backends'")
    Optional<String> format = Optional.empty();

    @Mixin
    DataOptions data;

    @Option(names = "--evaluate", paramLabel = "PATH", description = "data to judge every mix by")
    Optional<String> evaluate = Optional.empty();

    @Option(names = "--labels", paramLabel = "FILE", description = "class labels of the evaluation data")
    Optional<Path> labels = Optional.empty();

    @ArgGroup(exclusive = true, heading = "The goal (default: --max-drop 1%%):%n")
    Wanted wanted = new Wanted();

    /** One goal. */
    static final class Wanted {
        @Option(
                names = "--max-drop",
                paramLabel = "P",
                description = "top-1 may fall so far (0.5%% or 0.005); without labels, agreement with the float model")
        Optional<String> drop = Optional.empty();

        @Option(
                names = "--min-agreement",
                paramLabel = "P",
                description = "at least this share of decisions as the float model's (99%% or 0.99)")
        Optional<String> agreement = Optional.empty();

        @Option(names = "--min-snr", paramLabel = "DB", description = "signal-to-noise ratio of the outputs, in dB")
        Optional<Double> snr = Optional.empty();

        @Option(
                names = "--min-metric",
                paramLabel = "ID=V",
                description =
                        "at least this value of a metric, see 'detent metrics', e.g. box-f1=0.85; command=V with --metric-command")
        Optional<String> metric = Optional.empty();
    }

    @Option(
            names = "--metric-command",
            paramLabel = "CMD",
            description =
                    "judge every mix by a command of yours: {folder} is the run's folder, the last line it prints a number")
    Optional<String> command = Optional.empty();

    @Option(
            names = "--cost",
            paramLabel = "WHAT",
            description =
                    "what to save: macs (multiply-adds by their width, default), bytes (of weights) or time (of float operators here)")
    Optional<String> cost = Optional.empty();

    @Option(
            names = "--budget",
            paramLabel = "TIME",
            description = "begin no trial that would end later, e.g. 90s or 10m (default: 10m)")
    Optional<String> budget = Optional.empty();

    @Option(names = "--set", paramLabel = "PASS.OPTION=V", description = "as of quantize; METRIC.OPTION=V too")
    List<String> set = new ArrayList<>();

    @Mixin
    RuleOptions rules;

    @Option(names = "--config", paramLabel = "FILE", description = "settings in YAML, same names as the options")
    Optional<Path> config = Optional.empty();

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "folder for the best so far (default: <model>.<backend>)")
    Optional<Path> out = Optional.empty();

    @Mixin
    EngineOptions engine;

    @Mixin
    InstallationOptions home;

    @Override
    public Integer call() {
        engine.prepare();
        Console console = new Console();
        if (command.isPresent()
                != wanted.metric.map(m -> m.startsWith(MetricCommand.ID + "=")).orElse(false)) {
            throw new UserException(TuneProblems.COMMAND_GOAL, TuneJob.COMMAND_GOAL, "--metric-command");
        }
        SettingsFile file = config.map(f -> SettingsFile.read(f, KEYS)).orElse(SettingsFile.NONE);
        List<String> targets = target.targets(backend, file);
        Detent detent = home.detentAndEngine();
        Function<EvaluationMetrics, Goal> goal = goal(detent.registry());
        Settings settings = CommandSettings.of(
                file,
                set.stream().filter(s -> metricOption(s).isEmpty()).toList(),
                rules,
                Optional.empty(),
                Optional.empty());
        QuantizeRequest.Builder quantize = QuantizeRequest.of(
                        model,
                        targets,
                        out.or(() -> file.path("out"))
                                .orElseGet(() -> Path.of(
                                        ModelFacts.stem(model.getFileName().toString()) + "."
                                                + TargetIds.folderOf(targets.get(0)))))
                .settings(settings);
        data.addTo(quantize, file, "none");
        format.or(() -> file.text("format")).ifPresent(quantize::format);
        Optional<Path> classes = labels.or(() -> file.path("labels"));
        evaluate.or(() -> file.text("evaluate"))
                .ifPresent(data -> quantize.evaluation(new EvaluationData.Source(data, 0, classes.orElse(null))));
        QuantizeRequest job = quantize.build();
        config.ifPresent(f -> QuantizeCommand.refuseIn(job.out(), "the settings file", f));
        TuneResult result = detent.tune(
                new TuneRequest(
                        job,
                        goal,
                        command.map(MetricCommand::new),
                        cost(),
                        Durations.parse(budget.orElse("10m"), "--budget")),
                console.progress(),
                new Told(console));
        show(console, result);
        return result.best().holds() ? 0 : 1;
    }

    private CostModel cost() {
        String wished = cost.orElse("macs");
        for (CostModel c : CostModel.values()) {
            if (c.toString().equals(wished)) {
                return c;
            }
        }
        throw new UserException(TuneProblems.NO_COST, "'" + wished + "' is none of macs, bytes and time", "--cost");
    }

    private Function<EvaluationMetrics, Goal> goal(Registry registry) {
        if (wanted.agreement.isPresent()) {
            double least = share(wanted.agreement.get(), "--min-agreement");
            return floats -> new Goal.Agreement(least);
        }
        if (wanted.snr.isPresent()) {
            double least = wanted.snr.get();
            return floats -> new Goal.Snr(least);
        }
        if (wanted.metric.isPresent()) {
            String[] pair = wanted.metric.get().split("=", 2);
            double least = pair.length == 2 ? number(pair[1]) : Double.NaN;
            if (Double.isNaN(least)) {
                throw new UserException(
                        TuneProblems.NO_METRIC_VALUE,
                        "'" + wanted.metric.get() + "' is not METRIC=VALUE, as in box-f1=0.85",
                        "--min-metric");
            }
            if (pair[0].equals(MetricCommand.ID)) {
                return floats -> new Goal.Command(MetricCommand.ID, least);
            }
            Metric metric = registry.metric(pair[0]);
            AskedMetric asked = new AskedMetric(
                    metric, Registry.parse("metric '" + metric.id() + "'", metric.id(), metric.options(), options()));
            return floats -> new Goal.Measure(asked, least);
        }
        double most = share(wanted.drop.orElse("1%"), "--max-drop");
        return floats -> new Goal.Drop(most, floats);
    }

    /** The option and its value, when an assignment is of the goal's metric. */
    Optional<String> metricOption(String assignment) {
        return wanted.metric
                .map(m -> m.split("=", 2)[0] + ".")
                .filter(prefix -> assignment.startsWith(prefix) && assignment.contains("="))
                .map(prefix -> assignment.substring(prefix.length()));
    }

    private Map<String, Object> options() {
        Map<String, Object> options = new LinkedHashMap<>();
        for (String s : set) {
            metricOption(s).map(o -> o.split("=", 2)).ifPresent(o -> options.put(o[0], o[1]));
        }
        return options;
    }

    /** {@code 0.5%} or {@code 0.005}. */
    private static double share(String text, String option) {
        double value = text.endsWith("%") ? number(text.substring(0, text.length() - 1)) / 100 : number(text);
        if (!(value >= 0 && value <= 1)) {
            throw new UserException(
                    TuneProblems.NO_SHARE, "'" + text + "' is not a share between 0 and 1, as 0.5% or 0.005", option);
        }
        return value;
    }

    private static double number(String text) {
        try {
            return Double.parseDouble(text.trim());
        } catch (NumberFormatException e) {
            return Double.NaN;
        }
    }

    /** Shows how the search goes on, a line for each trial. */
    private record Told(Console console) implements TuneListener {
        @Override
        public void goal(Goal goal) {
            console.line("goal: " + goal);
        }

        @Override
        public void resumed(int trials) {
            console.line("the folder holds " + trials + " trials of this search, which goes on from there");
        }

        @Override
        public void measured(SearchSpace space) {
            console.line("measured " + space.groups().size() + " groups of nodes, one by one");
        }

        @Override
        public void tried(TuneTrial trial) {
            console.line(String.format(
                    Locale.ROOT,
                    "try %-3d %4d groups wider, %5.1f %% of multiply-adds in 8 bits   %s",
                    trial.number(),
                    trial.groups(),
                    100 * trial.in8Bits(),
                    trial.shown()));
        }
    }

    private static void show(Console console, TuneResult result) {
        result.outcome().problems().stream()
                .filter(p -> p.severity() != Problem.Severity.NOTE)
                .forEach(console::problem);
        TuneTrial best = result.best();
        if (!best.holds()) {
            console.line(
                    "the goal is not reached: the nearest of " + result.trials().size() + " trials is written; "
                            + "allow more time with --budget, look at 'detent analyze', or lower the goal");
        } else if (best.groups() == 0) {
            console.line("the target's own rules hold the goal: nothing needs to be wider");
        } else {
            SearchSpace space = result.space();
            console.line(String.format(Locale.ROOT, "%-44s %-8s %7s  %s", "wider than plain", "is", "macs", "why"));
            for (int g : best.trial().mix().promoted()) {
                console.line(String.format(
                        Locale.ROOT,
                        "%-44s %-8s %6.1f%%  %s",
                        shortened(space.groups().get(g).name()),
                        space.units()
                                .get(g)
                                .choices()
                                .get(best.trial().mix().chosen().get(g))
                                .label(),
                        100 * space.facts().get(g).share(),
                        space.noise(g)));
            }
        }
        EvaluateCommand.show(console, result.outcome().scores());
        console.line("written to " + result.outcome().out() + "; rules.yaml holds the mix: keep it with --config");
    }

    private static String shortened(String name) {
        return name.length() <= 44 ? name : "..." + name.substring(name.length() - 41);
    }
}
