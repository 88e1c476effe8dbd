package dev.detent.host.artifact;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {

    @TempDir
    Path work;

    @Test
    void aLinkStaysAndWhatItLeadsToIsWritten() throws IOException {
        Path file = Files.writeString(work.resolve("file"), "old");
        Path link = Files.createSymbolicLink(work.resolve("link"), file);
        AtomicFile.write(link, "new".getBytes(UTF_8));
        assertThat(link).isSymbolicLink();
        assertThat(file).hasContent("new");
        AtomicFile.write(file, "newer".getBytes(UTF_8));
        assertThat(link).hasContent("newer");
        assertThat(work.toFile().list()).containsExactlyInAnyOrder("file", "link");
    }

    /** Whoever has the old file open goes on reading it, as after any other replacement. */
    @Test
    void whatALinkLeadsToIsReplacedInOneStep() throws IOException {
        Path file = Files.writeString(work.resolve("file"), "old");
        Path link = Files.createSymbolicLink(work.resolve("link"), file);
        try (InputStream old = Files.newInputStream(file)) {
            AtomicFile.write(link, "new".getBytes(UTF_8));
            assertThat(old.readAllBytes()).asString(UTF_8).isEqualTo("old");
        }
        assertThat(file).hasContent("new");
    }

    @Test
    void aLinkToNothingMakesTheFile() throws IOException {
        Path link = Files.createSymbolicLink(work.resolve("link"), work.resolve("file"));
        AtomicFile.write(link, "new".getBytes(UTF_8));
        assertThat(link).isSymbolicLink();
        assertThat(work.resolve("file")).hasContent("new");
    }
}
