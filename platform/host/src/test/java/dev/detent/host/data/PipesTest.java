package dev.detent.host.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.detent.host.observe.ObservationsFile;
import dev.detent.host.ranges.RangeFile;
import dev.detent.host.record.JsonFile;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A pipe that nobody writes to, given as a file: every reader refuses it, and none waits. */
class PipesTest {

    @TempDir
    Path work;

    static Stream<Consumer<Path>> readers() {
        return Stream.of(ObservationsFile::read, RangeFile::read, JsonFile::read, DataFile::size);
    }

    @ParameterizedTest
    @MethodSource("readers")
    void isRefused(Consumer<Path> reader) throws IOException, InterruptedException {
        Path pipe = work.resolve("pipe");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/mkfifo")));
        new ProcessBuilder("/usr/bin/mkfifo", pipe.toString()).start().waitFor();
        UserException e = assertTimeoutPreemptively(
                Duration.ofSeconds(20), () -> catchThrowableOfType(UserException.class, () -> reader.accept(pipe)));
        assertThat(e.problems().get(0).id()).isEqualTo("DT-DAT-018");
    }
}
