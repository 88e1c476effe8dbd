package dev.detent.host.artifact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.spi.export.CalibrationInputs;
import dev.detent.spi.option.Options;
import dev.detent.spi.problem.PluginException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an exporter may call its files. */
class StagingExportContextTest {

    @TempDir
    Path work;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                ".",
                "..",
                "../other/m.onnx",
                "a/../../m",
                "a/../m",
                "/tmp/m",
                "detent.json",
                "Detent.json",
                "journal.json",
                "report.html",
                "comparison.html",
                "a\nb",
                "a\u2028b",
                "a\u001bb",
                "nul\0",
                ".detent-0123456789abcdef/x"
            })
    void namesThatAreRefused(String name) {
        try (StagedOutputDirectory out = StagedOutputDirectory.open(work.resolve("out"), List.of(), List.of());
                StagingExportContext files = context(out)) {
            assertThatThrownBy(() -> files.text(name, "x"))
                    .isInstanceOf(PluginException.class)
                    .hasMessageStartingWith("DT-EXP-020: vendor 1.0.0: ")
                    .hasMessageNotContaining("\n")
                    .hasMessageNotContaining("\u001b");
            assertThat(out.staged()).isEmpty();
        }
        assertThat(work).isEmptyDirectory();
    }

    @Test
    void namesThatAreFineAndNoneWhenTheExportIsOver() {
        try (StagedOutputDirectory out = StagedOutputDirectory.open(work.resolve("out"), List.of(), List.of())) {
            StagingExportContext files = context(out);
            files.text("m.onnx", "x");
            files.text("sub/detent.json", "x");
            files.text("größe 8bit.txt", "x");
            files.close();
            assertThatThrownBy(() -> files.text("late", "x"))
                    .isInstanceOf(PluginException.class)
                    .hasMessageContaining("after the export is over");
            assertThat(out.staged()).hasSize(3);
        }
    }

    private static StagingExportContext context(StagedOutputDirectory out) {
        return new StagingExportContext(
                new TargetDirectory(out, "target/"),
                new Options(Map.of()),
                CalibrationInputs.NONE,
                p -> {},
                "vendor 1.0.0");
    }
}
