package dev.detent.host.artifact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A commit that ends after any of its steps, and what the next start makes of it. */
class CommitJournalTest {

    private static final List<String> NEW = List.of("detent.json", "m.onnx", "sub/new");
    private static final List<String> OLD = List.of("detent.json", "m.onnx", "old.bin", "oldsub/x");

    @TempDir
    Path work;

    static IntStream steps() {
        return IntStream.rangeClosed(0, NEW.size() + 4);
    }

    private static void write(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    /** The state after so many steps: renames in order, removals, the removal of the journal. */
    private Path stopped(boolean beside, int steps) throws IOException {
        Path out = work.toRealPath().resolve("out");
        Staging staging = beside ? Staging.of(out) : null;
        Map<String, String> former = new TreeMap<>();
        for (String name : OLD) {
            write(out.resolve(name), "old");
            former.put(name, Sha256.of("old".getBytes(StandardCharsets.UTF_8)));
        }
        write(out.resolve("mine"), "mine");
        if (staging == null) {
            staging = Staging.of(out);
        }
        staging.create();
        for (String name : NEW) {
            write(staging.content().resolve(name), "new");
        }
        new CommitJournal(NEW, former).write(staging);
        int left = steps;
        for (String name : NEW) {
            if (left-- > 0) {
                Files.createDirectories(out.resolve(name).getParent());
                Files.move(
                        staging.content().resolve(name),
                        out.resolve(name),
                        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
            }
        }
        for (String name : List.of("old.bin", "oldsub/x", "oldsub")) {
            if (left-- > 0) {
                Files.delete(out.resolve(name));
            }
        }
        if (left > 0) {
            Files.delete(staging.journal());
        }
        return out;
    }

    @ParameterizedTest
    @MethodSource("steps")
    void theNextStartCompletesIt(int steps) throws IOException {
        for (boolean beside : List.of(true, false)) {
            Path out = stopped(beside, steps);
            StagedOutputDirectory.recover(out);
            for (String name : NEW) {
                assertThat(out.resolve(name)).hasContent("new");
            }
            assertThat(out.resolve("mine")).hasContent("mine");
            assertThat(out.resolve("old.bin")).doesNotExist();
            assertThat(out.resolve("oldsub")).doesNotExist();
            assertThat(work.toFile().list()).containsExactly("out");
            assertThat(out.toFile().list()).containsExactlyInAnyOrder("detent.json", "m.onnx", "sub", "mine");
            Staging.removeTree(out);
        }
    }

    @Test
    void aFileThatSomebodyPutThereMeanwhileStays() throws IOException {
        Path out = stopped(false, 1);
        Files.writeString(out.resolve("m.onnx"), "mine now");
        assertThatThrownBy(() -> StagedOutputDirectory.recover(out))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("m.onnx");
        assertThat(out.resolve("m.onnx")).hasContent("mine now");
        Files.delete(out.resolve("m.onnx"));
        StagedOutputDirectory.recover(out);
        assertThat(out.resolve("m.onnx")).hasContent("new");
    }

    @Test
    void stagingWithoutAJournalIsRemovedAndTheFormerResultStays() throws IOException {
        Path out = work.toRealPath().resolve("out");
        write(out.resolve("m.onnx"), "old");
        Staging inside = Staging.of(out);
        inside.create();
        write(inside.content().resolve("m.onnx"), "half");
        Files.createDirectory(Staging.of(out).folder());
        StagedOutputDirectory.recover(out);
        assertThat(out.toFile().list()).containsExactly("m.onnx");
        assertThat(out.resolve("m.onnx")).hasContent("old");
    }
}
