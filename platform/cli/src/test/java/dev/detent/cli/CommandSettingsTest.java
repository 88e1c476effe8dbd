package dev.detent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.host.settings.Effort;
import dev.detent.host.settings.SettingsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** One settings file means the same to every command. */
class CommandSettingsTest {

    @TempDir
    Path folder;

    private SettingsFile file = SettingsFile.NONE;

    @BeforeEach
    void write() throws IOException {
        Path cache = Files.writeString(folder.resolve("a.cache"), "TRT-8601-EntropyCalibration2\nx: 3d800000\n");
        file = SettingsFile.read(
                Files.writeString(
                        folder.resolve("detent.yaml"),
                        "backend: [onnxruntime, ncnn]\ncpu: vnni\neffort: thorough\nranges: " + cache + "\n"),
                QuantizeCommand.KEYS);
    }

    @Test
    void effortAndRangesOfTheFileCountWhereNothingIsTyped() {
        PlanCommand plan = CommandLine.populateCommand(new PlanCommand());
        assertThat(plan.settings(file).effort()).isEqualTo(Effort.THOROUGH);
        assertThat(plan.settings(file).knowsRanges()).isTrue();
        PlanCommand fast = CommandLine.populateCommand(new PlanCommand(), "--effort", "fast");
        assertThat(fast.settings(file).effort()).isEqualTo(Effort.FAST);
        assertThat(plan.settings(SettingsFile.NONE).effort()).isEqualTo(Effort.BALANCED);
    }

    @Test
    void onnxruntimeMeansTheSameCpuEverywhere() {
        TargetOptions none = CommandLine.populateCommand(new TargetOptions());
        assertThat(none.targets(Optional.empty(), file)).containsExactly("onnxruntime-vnni", "ncnn");
        assertThat(none.targets(Optional.of("tensorrt, tensorrt"), file)).containsExactly("tensorrt");
        assertThat(none.madeFor("onnxruntime-vnni", file)).isPresent();
        assertThat(none.madeFor("ncnn", file)).isEmpty();
        TargetOptions any = CommandLine.populateCommand(new TargetOptions(), "--cpu", "any");
        assertThat(any.targets(Optional.empty(), file)).containsExactly("onnxruntime", "ncnn");
    }
}
