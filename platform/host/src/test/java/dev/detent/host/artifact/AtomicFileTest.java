package dev.detent.host.artifact;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.UUID;
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

    /** A process that died meanwhile has left one draft; another one is being written, and the rest is a person's. */
    @Test
    void whatADeadProcessWasWritingGoes() throws IOException {
        Path file = work.resolve("file");
        Path left = Files.writeString(work.resolve(".file.detent-" + UUID.randomUUID()), "ha");
        Path busy = Files.writeString(work.resolve(".file.detent-" + UUID.randomUUID()), "ha");
        Path other = Files.writeString(work.resolve(".other.detent-" + UUID.randomUUID()), "ha");
        Path mine = Files.writeString(work.resolve(".file.detent-mine"), "mine");
        try (FileChannel channel = FileChannel.open(busy, StandardOpenOption.WRITE);
                FileLock held = channel.lock()) {
            AtomicFile.write(file, "new".getBytes(UTF_8));
            assertThat(held.isValid()).isTrue();
        }
        assertThat(left).doesNotExist();
        assertThat(List.of(busy, other, mine)).allMatch(Files::exists);
        assertThat(file).hasContent("new");
    }
}
