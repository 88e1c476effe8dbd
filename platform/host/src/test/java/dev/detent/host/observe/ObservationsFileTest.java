package dev.detent.host.observe;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ObservationsFileTest {

    @TempDir
    Path folder;

    /** A model given for its statistics, of more bytes than an array holds; the file takes no room on disk. */
    @Test
    void whatIsSomethingElseIsNotReadWhole() throws IOException {
        Path model = folder.resolve("large.onnx");
        try (RandomAccessFile file = new RandomAccessFile(model.toFile(), "rw")) {
            file.setLength(3L << 30);
        }
        assertThatThrownBy(() -> KnownObservations.read(model))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("no file of 'detent observe'");
    }

    @Test
    void aRunThatKeptNothingIsToldApart() {
        assertThatThrownBy(() -> KnownObservations.read(folder))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("make them with 'detent observe'");
        assertThatThrownBy(() -> KnownObservations.read(folder.resolve("a.obs")))
                .hasMessageContaining("is not there");
    }
}
