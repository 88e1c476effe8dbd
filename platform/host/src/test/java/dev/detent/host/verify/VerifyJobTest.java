package dev.detent.host.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.host.artifact.FileDigest;
import dev.detent.host.artifact.OutputNames;
import dev.detent.host.artifact.RecordSeal;
import dev.detent.host.artifact.Sha256;
import dev.detent.host.plugin.Registry;
import dev.detent.report.Json;
import dev.detent.spi.backend.Backend;
import dev.detent.spi.backend.Rules;
import dev.detent.spi.backend.Target;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was damaged in the folder of a run is told, whatever else cannot be verified there. */
class VerifyJobTest {

    /** Writes a format that nobody reads back. */
    private static final class WriteOnly implements Exporter {
        @Override
        public String id() {
            return "writeonly";
        }

        @Override
        public String summary() {
            return "for nobody";
        }

        @Override
        public void export(QuantizedModel model, ExportContext context) {
            throw new UnsupportedOperationException();
        }
    }

    private static final class Chip implements Target {
        @Override
        public String id() {
            return "chip";
        }

        @Override
        public String summary() {
            return "a chip";
        }

        @Override
        public Rules rules() {
            throw new UnsupportedOperationException();
        }

        @Override
        public boolean supports(Node node, Graph graph) {
            return false;
        }

        @Override
        public List<Exporter> exporters() {
            return List.of(new WriteOnly());
        }
    }

    @TempDir
    Path out;

    private static final Registry REGISTRY = registry();

    private final VerifyJob job = new VerifyJob(() -> REGISTRY);

    private static Registry registry() {
        Backend backend = () -> List.of(new Chip());
        return Registry.of(Map.of("vendor 1", List.of(backend)));
    }

    @BeforeEach
    void aRunForTwoTargets() throws IOException {
        record(out, Map.of("targets", List.of("chip")), OutputNames.COMPARISON);
        record(out.resolve("chip"), ofChip(), "table.txt");
    }

    /** The record of a run that quantized nothing. */
    private static Map<String, Object> ofChip() {
        Map<String, Object> run = new LinkedHashMap<>();
        run.put("detent", "test");
        run.put("model", new FileDigest("m.onnx", "00").toJson());
        run.put("target", "chip");
        run.put("format", "writeonly");
        run.put("plugin", "vendor 1");
        run.put("calibration", Map.of("samples", 0, "preprocessing", "none"));
        run.put("dispatcher", "all");
        List.of("plan", "configs", "problems").forEach(list -> run.put(list, List.of()));
        run.put("fingerprints", Map.of());
        return run;
    }

    private static void record(Path folder, Map<String, Object> run, String file) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve(file), "as it was");
        Map<String, Object> record = new LinkedHashMap<>(run);
        record.put("files", List.of(new FileDigest(file, Sha256.of(folder.resolve(file))).toJson()));
        Files.writeString(
                folder.resolve(OutputNames.RECORD), RecordSeal.seal(Json.pretty(RecordSeal.unsealed(record))));
    }

    private static void edit(Path file, String from, String to) throws IOException {
        Files.writeString(file, Files.readString(file).replace(from, to));
    }

    @Test
    void aFormatThatNobodyReadsBackIsRefused() {
        assertThatThrownBy(() -> job.run(out, Optional.empty()))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("'writeonly' can be written, but not read back");
    }

    /** The refusal took the place of the damage. */
    @Test
    void damageIsToldOfAFormatThatNobodyReadsBack() throws IOException {
        edit(out.resolve("chip/table.txt"), "was", "is");
        VerifyJob.Report report = job.run(out, Optional.empty());
        assertThat(report.whole()).isEmpty();
        assertThat(report.targets()).hasSize(1);
        assertThat(report.targets().get(0).problems())
                .extracting(Problem::id)
                .containsExactly("DT-VER-024", "DT-VER-022");
        assertThat(report.isSound()).isFalse();
    }

    /** Nobody held the record of a run for several targets against its seal, and the page beside it against that. */
    @Test
    void whatBelongsToAllTargetsIsLookedAtToo() throws IOException {
        edit(out.resolve("chip/table.txt"), "was", "is");
        edit(out.resolve(OutputNames.COMPARISON), "was", "is");
        assertThat(job.run(out, Optional.empty()).whole())
                .extracting(Problem::id)
                .containsExactly("DT-VER-024");
        edit(out.resolve(OutputNames.RECORD), "\"chip\"", "\"chip\", \"chip\"");
        assertThat(job.run(out, Optional.empty()).whole())
                .extracting(Problem::id)
                .containsExactly("DT-VER-025", "DT-VER-024");
    }
}
