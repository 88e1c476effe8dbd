package dev.detent.spi.graph;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Changed weights took as much heap as the model is large. */
class TensorStorageTest {

    private static Set<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            return files.filter(f -> f.getFileName().toString().startsWith(TensorStorage.PREFIX))
                    .collect(Collectors.toSet());
        }
    }

    @Test
    void whatLiesInAFileIsReadAsItWasWrittenAndLeavesNothing() throws IOException {
        Set<Path> before = files();
        ByteBuffer buffer = TensorStorage.mapped(3 << 20);
        assertThat(buffer.isDirect()).isTrue();
        assertThat(buffer.remaining()).isEqualTo(3 << 20);
        assertThat(buffer.getInt((3 << 20) - 4)).isZero();
        buffer.putInt((3 << 20) - 4, 7);
        assertThat(buffer.getInt((3 << 20) - 4)).isEqualTo(7);
        assertThat(files()).isEqualTo(before);
    }

    @Test
    void aQuarterOfTheHeapIsTakenFirst() {
        assertThat(TensorStorage.isMuch(128L << 20, 512L << 20)).isFalse();
        assertThat(TensorStorage.isMuch(129L << 20, 512L << 20)).isTrue();
        assertThat(TensorStorage.allocate(16).isDirect()).isFalse();
    }

    @Test
    void aFullDiskIsLeftAlone() {
        assertThat(TensorStorage.hasRoom(3 << 20, 3 << 20)).isTrue();
        assertThat(TensorStorage.hasRoom(3 << 20, (3 << 20) - 1)).isFalse();
        assertThat(TensorStorage.hasRoom(3 << 20, 0)).isFalse();
    }
}
