package dev.detent.host.artifact;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.report.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordSealTest {

    @TempDir
    Path work;

    /** Written in one go it has the bytes of the text, and is as whole. */
    @Test
    void aFileIsSealedAsItsTextIs() throws IOException {
        Map<String, Object> record = Map.of("files", List.of("é", "x".repeat(200_000)));
        Path file = work.resolve("detent.json");
        RecordSeal.write(record, file);
        String text = Files.readString(file);
        assertThat(text).isEqualTo(RecordSeal.seal(Json.pretty(RecordSeal.unsealed(record))));
        assertThat(RecordSeal.holds(text)).isTrue();
        assertThat(RecordSeal.holds(file)).isTrue();
        Files.writeString(file, text.replace("xé", "xe").replace("xxx", "xyx"));
        assertThat(RecordSeal.holds(file)).isFalse();
        Files.writeString(file, text + "\n  \n");
        assertThat(RecordSeal.holds(file)).isFalse();
        Files.writeString(file, "{}");
        assertThat(RecordSeal.holds(file)).isFalse();
        Files.writeString(file, "");
        assertThat(RecordSeal.holds(file)).isFalse();
    }
}
