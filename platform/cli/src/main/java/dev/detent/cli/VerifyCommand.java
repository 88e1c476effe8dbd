package dev.detent.cli;

import dev.detent.host.verify.ArtifactVerifier;
import dev.detent.host.verify.VerifyJob;
import dev.detent.spi.problem.UserException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "verify",
        description =
                "Reads an artefact back, rebuilds its configs and compares every layer with the run that wrote it.",
        sortOptions = false)
final class VerifyCommand implements Callable<Integer> {

    @Parameters(paramLabel = "OUT", description = "output folder of 'detent quantize', of one target or several")
    Path out;

    @Option(names = "--model", paramLabel = "MODEL", description = "the float model; needed with --data only")
    Optional<Path> model = Optional.empty();

    @Option(
            names = "--data",
            paramLabel = "PATH",
            description = "real data instead of noise, as --calibration of quantize; needs --model")
    Optional<String> data = Optional.empty();

    @Option(
            names = "--samples",
            converter = PositiveIntegerConverter.class,
            paramLabel = "N",
            description = "at most so many samples (default: 2)")
    int samples = 2;

    @Mixin
    IsolationOptions isolation;

    @Mixin
    EngineOptions engine;

    @Mixin
    InstallationOptions home;

    @Override
    public Integer call() throws Exception {
        engine.prepare();
        return isolation.run(this::verify);
    }

    private int verify() {
        Console console = new Console();
        if (data.isPresent() && model.isEmpty()) {
            throw new UserException(
                    CliProblems.DATA_WITHOUT_MODEL,
                    "is converted to what the float model takes; give that with --model",
                    "--data");
        }
        VerifyJob.Report report =
                home.detent().verify(out, data.map(d -> new VerifyJob.Data(model.orElseThrow(), d, samples)));
        report.whole().forEach(console::problem);
        report.targets().forEach(r -> show(console, r));
        return report.isSound() ? 0 : 1;
    }

    private static void show(Console console, ArtifactVerifier.Result r) {
        r.problems().forEach(console::problem);
        console.line(r.target() + " as " + r.format() + ": " + r.entries() + " entries read back"
                + (r.without() > 0 ? ", " + r.without() + " configs have no place in this format" : ""));
        if (r.layers() > 0) {
            console.line("  " + r.layers() + " layers simulated from the files and compared with the run");
        }
        r.runtime()
                .ifPresent(db -> console.line("  ONNX Runtime on the file, unoptimised: "
                        + (Double.isInfinite(db)
                                ? "every layer bit-equal"
                                : String.format(Locale.ROOT, "at worst %.1f dB from the simulation", db))));
        console.line(
                r.problems().isEmpty()
                        ? "  the artefact says what the run decided"
                        : "  " + r.problems().size() + " differences");
    }
}
