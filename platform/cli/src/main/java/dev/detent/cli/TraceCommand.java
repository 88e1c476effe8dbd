package dev.detent.cli;

import dev.detent.host.trace.ParityCorpus;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "trace", description = "Traces a parity corpus: every model for every ppq: target, or its variants.")
final class TraceCommand implements Callable<Integer> {

    @Mixin
    InstallationOptions home;

    @Parameters(paramLabel = "CORPUS", description = "folder with models/ and calib/ (and variants/)")
    Path corpus;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "folder for the traces")
    Path out;

    @Option(
            names = "--settings",
            paramLabel = "FILE",
            description = "JSON of variant tags and PPQ settings; traces the variants instead")
    Optional<Path> settings = Optional.empty();

    @Override
    public Integer call() throws Exception {
        Console console = new Console();
        Map<String, String> failures = new ParityCorpus(home.detent(), corpus).trace(out, settings, console.progress());
        failures.forEach((file, why) -> console.line(file + " not written: " + why));
        console.line("traces in " + out);
        return failures.isEmpty() ? 0 : 1;
    }
}
