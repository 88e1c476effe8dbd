package dev.detent.cli;

import dev.detent.host.job.CpuKind;
import dev.detent.host.settings.SettingsFile;
import dev.detent.spi.problem.UserException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Which targets a command is for: what {@code --backend} names, and which CPU {@code onnxruntime} means. */
final class TargetOptions {

    private static final String ONNX_RUNTIME = "onnxruntime";

    @Option(
            names = "--cpu",
            paramLabel = "KIND",
            description = "CPU that --backend onnxruntime is for: any, avx2, vnni or arm64 (default: this machine's)")
    Optional<String> cpu = Optional.empty();

    /**
     * The targets, each once, in the order in which they are named.
     *
     * @param backend as typed; otherwise the file says it
     * @throws UserException when none is named, or {@code --cpu} is typed and {@code onnxruntime} is none of them
     */
    List<String> targets(Optional<String> backend, SettingsFile file) {
        List<String> named = dev.detent.spi.option.Option.list(backend.or(() -> file.text("backend"))
                        .orElseThrow(() -> new UserException(
                                CliProblems.NO_TARGET,
                                "say for which target: --backend ID; 'detent backends' lists them",
                                "--backend")))
                .stream()
                .filter(t -> !t.isEmpty())
                .toList();
        if (named.isEmpty()) {
            throw new UserException(
                    CliProblems.NO_TARGET, "names no target; 'detent backends' lists them", "--backend");
        }
        CpuKind kind = kind(file);
        if (cpu.isPresent() && !named.contains(ONNX_RUNTIME)) {
            // A settings file may serve other targets too, so its 'cpu' says nothing for these.
            throw new UserException(
                    CliProblems.NO_EFFECT,
                    "says what --backend onnxruntime means, which is not asked for; leave it out",
                    "--cpu");
        }
        return named.stream().map(kind::target).distinct().toList();
    }

    /** What the file made for this target runs on, where {@code onnxruntime} means it. */
    Optional<String> madeFor(String target, SettingsFile file) {
        CpuKind kind = kind(file);
        return target.equals(kind.target(ONNX_RUNTIME)) ? Optional.of(kind.madeFor()) : Optional.empty();
    }

    private CpuKind kind(SettingsFile file) {
        return cpu.or(() -> file.text("cpu")).map(TargetOptions::kind).orElseGet(CpuKind::ofThisMachine);
    }

    private static CpuKind kind(String word) {
        return Arrays.stream(CpuKind.values())
                .filter(k -> k.word().equals(word))
                .findFirst()
                .orElseThrow(() -> new UserException(
                        CliProblems.UNKNOWN_CPU, "'" + word + "' is none of " + CpuKind.names(), "--cpu"));
    }
}
