package dev.detent.cli;

import dev.detent.host.Detent;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** What ONNX Runtime needs besides itself to run a model; mixed into every command that runs one. */
final class EngineOptions {

    @Option(
            names = "--ort-extension",
            paramLabel = "FILE",
            description =
                    "library with kernels of the model's own operators, as ONNX Runtime loads it; may be repeated")
    List<Path> extensions = List.of();

    /** Before anything loads a model. */
    void prepare() {
        Detent.useOperators(extensions);
    }
}
