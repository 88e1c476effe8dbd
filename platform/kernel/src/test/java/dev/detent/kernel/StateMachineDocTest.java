package dev.detent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class StateMachineDocTest {

    private static final Path FILE = Path.of("../../docs/state-machine.md");

    @Test
    void theDocumentIsWhatTheTableSays() throws IOException {
        if ("accept".equals(System.getProperty("detent.golden"))) {
            Files.writeString(FILE, StateMachineDoc.markdown());
        }
        assertThat(Files.readString(FILE)).isEqualTo(StateMachineDoc.markdown());
    }
}
