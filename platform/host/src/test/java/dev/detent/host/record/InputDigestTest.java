package dev.detent.host.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.host.artifact.RecordSeal;
import dev.detent.host.artifact.Sha256;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InputDigestTest {

    @TempDir
    Path work;

    private static String sha(String text) {
        return Sha256.of(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void aFileThatTakesTheModelsPlaceDoesNotGiveItsDigest() throws IOException {
        Path model = Files.writeString(work.resolve("m.onnx"), "old");
        InputDigest digest = InputDigest.of(model).confirm();
        Files.move(Files.writeString(work.resolve("n.onnx"), "new"), model, StandardCopyOption.REPLACE_EXISTING);
        assertThat(digest.sha256()).isEqualTo(sha("old"));
    }

    @Test
    void aFileThatIsReplacedBeforeItIsReadIsFoundOut() throws IOException {
        Path model = Files.writeString(work.resolve("m.onnx"), "old");
        InputDigest digest = InputDigest.of(model);
        Files.move(Files.writeString(work.resolve("n.onnx"), "new"), model, StandardCopyOption.REPLACE_EXISTING);
        assertThatThrownBy(digest::confirm)
                .isInstanceOf(UserException.class)
                .hasMessageContaining("was changed while the run read it");
    }

    @Test
    void aFileThatIsWrittenOverIsFoundOutAndATouchedOneIsNot() throws IOException {
        Path model = Files.writeString(work.resolve("m.onnx"), "old");
        InputDigest digest = InputDigest.of(model).confirm();
        assertThat(digest.sha256()).isEqualTo(sha("old"));
        Files.setLastModifiedTime(model, FileTime.fromMillis(1));
        assertThat(digest.sha256()).isEqualTo(sha("old"));
        Files.writeString(model, "new and longer");
        assertThatThrownBy(digest::sha256)
                .isInstanceOf(UserException.class)
                .hasMessageContaining("was changed while the run read it");
    }

    @Test
    void aFolderIsTheFilesInItAndNotWhatLiesBelow() throws IOException {
        Path data = Files.createDirectory(work.resolve("data"));
        Files.writeString(data.resolve("a.bin"), "a");
        String before = InputDigest.of(data).sha256();
        Path below = Files.createDirectory(data.resolve("below"));
        Files.writeString(below.resolve("b.bin"), "b");
        below.toFile().setReadable(false);
        try {
            assertThat(InputDigest.of(data).confirm().sha256()).isEqualTo(before);
        } finally {
            below.toFile().setReadable(true);
        }
        Files.writeString(data.resolve("c.bin"), "c");
        assertThat(InputDigest.of(data).sha256()).isNotEqualTo(before);
    }

    @Test
    void picturesOfClassesCountWhateverLiesBesideTheirFolders() throws IOException {
        Path data = Files.createDirectory(work.resolve("data"));
        Files.writeString(data.resolve("labels.csv"), "cat");
        Path cats = Files.createDirectory(data.resolve("cat"));
        Files.writeString(cats.resolve("a.png"), "a");
        Files.createSymbolicLink(Files.createDirectory(data.resolve(".hidden")).resolve("loop"), data);
        String before = InputDigest.of(data).sha256();
        Files.writeString(cats.resolve("a.png"), "b");
        assertThat(InputDigest.of(data).sha256()).isNotEqualTo(before);
    }

    @Test
    void aRecordHoldsItsSealUntilAByteOfItChanges() {
        String text = RecordSeal.seal(
                dev.detent.report.Json.pretty(RecordSeal.unsealed(new java.util.TreeMap<>(java.util.Map.of("a", 1)))));
        assertThat(RecordSeal.holds(text)).isTrue();
        for (int i = 0; i < text.length(); i++) {
            char other = text.charAt(i) == 'b' ? 'c' : 'b';
            assertThat(RecordSeal.holds(text.substring(0, i) + other + text.substring(i + 1)))
                    .as(i + " of " + text)
                    .isFalse();
        }
    }
}
