package dev.detent.cli;

import dev.detent.host.Detent;
import dev.detent.host.artifact.InputPath;
import dev.detent.host.job.InputPlaces;
import dev.detent.host.job.ObserveInParts;
import dev.detent.host.job.ObserveRequest;
import dev.detent.host.job.ObserveResult;
import dev.detent.host.job.QuantizeRequest;
import dev.detent.host.observe.Observations;
import dev.detent.host.observe.ObservationsFile;
import dev.detent.host.observe.PartFiles;
import dev.detent.host.observe.Shard;
import dev.detent.host.problem.ObservationProblems;
import dev.detent.host.settings.Settings;
import dev.detent.host.settings.SettingsFile;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.UserException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "observe",
        description =
                "Keeps the statistics of calibration data in a file, which 'quantize --observations' needs no data with; or "
                        + "merges such files.",
        sortOptions = false)
final class ObserveCommand implements Callable<Integer> {

    private static final List<String> KEYS = DataOptions.keysWith("weights", "backend", "cpu", "set", "rules", "out");

    @Parameters(arity = "0..1", paramLabel = "MODEL", description = "float model, as of quantize")
    Optional<Path> model = Optional.empty();

    @Option(
            names = "--merge",
            arity = "1..*",
            paramLabel = "FILE",
            description = "merge these files, of shards or of different data, instead of looking at data")
    List<Path> merge = new ArrayList<>();

    @Option(names = "--out", paramLabel = "FILE", description = "file for the statistics")
    Optional<Path> out = Optional.empty();

    @Mixin
    DataOptions data;

    @Option(
            names = "--shard",
            paramLabel = "K/N",
            description = "look at part K of N of those samples only; all parts merged are as one look at everything")
    Optional<String> shard = Optional.empty();

    @Option(
            names = "--parts",
            converter = PositiveIntegerConverter.class,
            paramLabel = "N",
            description =
                    "look at the samples in N parts, each kept beside FILE until all are there; ended in between, the "
                            + "same command goes on behind the last one")
    Optional<Integer> parts = Optional.empty();

    @Option(
            names = "--backend",
            paramLabel = "ID",
            description = "targets to quantize for later, separated by commas (default: all)")
    Optional<String> backend = Optional.empty();

    @Mixin
    TargetOptions target;

    @Option(names = "--weights", paramLabel = "FILE", description = "as of quantize")
    Optional<Path> weights = Optional.empty();

    @Option(names = "--set", paramLabel = "PASS.OPTION=V", description = "as of quantize")
    List<String> set = new ArrayList<>();

    @Mixin
    RuleOptions rules;

    @Option(names = "--config", paramLabel = "FILE", description = "settings in YAML, same names as the options")
    Optional<Path> config = Optional.empty();

    @Mixin
    EngineOptions engine;

    @Mixin
    InstallationOptions home;

    @Override
    public Integer call() {
        engine.prepare();
        Console console = new Console();
        SettingsFile file = config.map(f -> SettingsFile.read(f, KEYS)).orElse(SettingsFile.NONE);
        Path written = out.or(() -> file.path("out"))
                .orElseThrow(() -> new UserException(
                        ObservationProblems.NOT_WRITTEN, "say where the statistics go: --out FILE", "--out"));
        if (merge.isEmpty()) {
            observe(console, file, written);
        } else {
            merge(console, written);
        }
        return 0;
    }

    private void merge(Console console, Path written) {
        if (model.isPresent() || data.calibration.isPresent() || shard.isPresent() || parts.isPresent()) {
            throw new UserException(
                    CliProblems.NO_EFFECT,
                    "merges files and looks at no model and no data; leave those out",
                    "--merge");
        }
        if (merge.size() < 2) {
            throw new UserException(ObservationProblems.UNLIKE, "takes two files or more", "--merge");
        }
        List<Path> places = merge.stream().map(ObservationsFile::in).toList();
        InputPath.refuseFile(
                written,
                "--out",
                places.stream().map(f -> new InputPath("a file to merge", f)).toList());
        ObservationsFile.refuseOther(written);
        SortedMap<String, Observations> all = new TreeMap<>();
        for (Path place : places) {
            if (all.put(place.toString(), ObservationsFile.read(place)) != null) {
                throw new UserException(ObservationProblems.UNLIKE, "is named twice", place.toString());
            }
        }
        write(console, written, Observations.merge(all));
    }

    private void observe(Console console, SettingsFile file, Path written) {
        if (shard.isPresent() && parts.isPresent()) {
            throw new UserException(CliProblems.USAGE, "looks at all parts, --shard at one; leave one out", "--parts");
        }
        Path of = model.orElseThrow(
                () -> new UserException(CliProblems.USAGE, "name the model, or files with --merge", "MODEL"));
        Settings settings = CommandSettings.of(file, set, rules, Optional.empty(), Optional.empty());
        boolean all = backend.isEmpty() && file.text("backend").isEmpty();
        QuantizeRequest.Builder run = QuantizeRequest.of(of, all ? List.of() : target.targets(backend, file), written)
                .settings(settings);
        data.addTo(run, file, "none");
        weights.or(() -> file.path("weights")).ifPresent(run::weights);
        QuantizeRequest built = run.build();
        if (built.calibration().isEmpty()) {
            throw new UserException(CliProblems.USAGE, "give the data to look at: --calibration PATH", "--calibration");
        }
        List<InputPath> read = new ArrayList<>(InputPlaces.of(built));
        config.ifPresent(f -> read.add(new InputPath("the settings file", f)));
        InputPath.refuseFile(written, "--out", read);
        ObservationsFile.refuseOther(written);
        Detent detent = home.detentAndEngine();
        ObserveResult result = parts.isPresent()
                ? detent.observe(new ObserveInParts(built, parts.get(), written), console.progress())
                : detent.observe(
                        new ObserveRequest(built, shard.map(Shard::parse).orElse(Shard.WHOLE)), console.progress());
        result.problems().forEach(p -> {
            if (p.severity() == Problem.Severity.NOTE) {
                console.line(p.where() + " " + p.sentence());
            } else {
                console.problem(p);
            }
        });
        console.line("for " + String.join(", ", result.targets()));
        write(console, written, result.observations());
        parts.ifPresent(n -> PartFiles.clear(written));
    }

    private static void write(Console console, Path written, Observations o) {
        ObservationsFile.write(written, o);
        console.line("written to " + written + ": " + o.size() + " statistics of "
                + o.graphs().size() + (o.graphs().size() == 1 ? " network" : " networks") + " over "
                + o.data().samples() + " samples"
                + (o.data().isWhole()
                        ? ""
                        : ", shards " + o.data().held() + " of " + o.data().shards())
                + ", " + QuantizeCommand.bytes(written.toFile().length()));
    }
}
