package dev.detent.host.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TraceFileTest {

    private static final String TRACE = "{\"schema\": \"ppq-trace/2\", \"model\": \"m.onnx\"}";

    @TempDir
    Path work;

    @Test
    void onlyATraceIsWrittenOver() throws IOException {
        Path file = work.resolve("t.json");
        TraceFile.write(file, TRACE);
        TraceFile.write(file, TRACE + "\n");
        assertThat(file).hasContent(TRACE + "\n");
        assertThat(work.toFile().list()).containsExactly("t.json");
        for (String other : new String[] {"a model", "{}", "{\"model\": \"ppq-trace/2\"}"}) {
            Path mine = Files.writeString(work.resolve("mine"), other);
            assertThatThrownBy(() -> TraceFile.write(mine, TRACE))
                    .isInstanceOf(UserException.class)
                    .hasMessageContaining("is no trace");
            assertThat(mine).hasContent(other);
        }
        assertThatThrownBy(() -> TraceFile.refuseOther(work)).hasMessageContaining("is a folder");
    }
}
