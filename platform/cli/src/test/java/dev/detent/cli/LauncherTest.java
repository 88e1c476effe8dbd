package dev.detent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** The scripts that start Detent. */
class LauncherTest {

    private static List<String> words(String script) throws IOException {
        return Arrays.asList(Files.readString(Path.of("../../distribution/src/dist/bin", script))
                .split("[^a-z-]+"));
    }

    /** Without Java's optimizing compiler what runs a model takes several times as long. */
    @Test
    void commandsThatRunModelsAreOptimized() throws IOException {
        for (Class<?> command : Main.COMMANDS) {
            CommandLine.Model.CommandSpec spec = new CommandLine(command).getCommandSpec();
            if (Stream.of("--calibration", "--data").anyMatch(o -> spec.findOption(o) != null)) {
                assertThat(words("detent")).contains(spec.name());
                assertThat(words("detent.bat")).contains(spec.name());
            }
        }
    }
}
