package dev.detent.host.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricCommandTest {

    @TempDir
    Path folder;

    @BeforeEach
    void aShell() {
        assumeFalse(System.getProperty("os.name", "").startsWith("Windows"));
    }

    /** A command of a person's, judged in a process of its own that is ended while the command runs. */
    static final class Judging {
        public static void main(String[] arguments) {
            // With all classes loaded, the command is watched from its first moment.
            new MetricCommand("echo 1").judge(Path.of("."));
            new MetricCommand(arguments[0]).judge(Path.of("."));
        }
    }

    @Test
    void theLastLineCountsWhateverTheFolderIsCalled() throws IOException {
        Path odd = Files.createDirectory(folder.resolve("it's a $(run) here"));
        Files.writeString(odd.resolve("score"), "0.5\n");
        assertThat(new MetricCommand("echo reading; cat {folder}/score; echo").judge(odd))
                .isEqualTo(0.5);
    }

    @Test
    void aCommandThatPrintsNothingIsToldSo() {
        assertThatThrownBy(() -> new MetricCommand("true").judge(folder)).hasMessageContaining("printed nothing");
    }

    /** Whoever ends the search ends the command: nobody waits for its number any more. */
    @Test
    void theCommandEndsWithTheSearch() throws Exception {
        Path begun = folder.resolve("begun");
        Path ended = folder.resolve("ended");
        Process search = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Judging.class.getName(),
                        "trap 'touch " + ended + "; exit 1' TERM; sleep 1; touch " + begun + "; sleep 60 & wait")
                .start();
        try {
            await(begun);
            search.destroy();
            assertThat(search.waitFor(30, TimeUnit.SECONDS)).isTrue();
            await(ended);
        } finally {
            search.destroyForcibly();
        }
    }

    private static void await(Path file) throws InterruptedException {
        for (int i = 0; i < 400 && !Files.exists(file); i++) {
            TimeUnit.MILLISECONDS.sleep(50);
        }
        assertThat(file).exists();
    }
}
