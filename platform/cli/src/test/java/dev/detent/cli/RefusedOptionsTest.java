package dev.detent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a command refuses before it loads plugins or reads a model. */
class RefusedOptionsTest {

    @TempDir
    Path folder;

    private static String refused(String... args) {
        PrintStream before = System.err;
        ByteArrayOutputStream told = new ByteArrayOutputStream();
        System.setErr(new PrintStream(told, true, StandardCharsets.UTF_8));
        try {
            assertThat(Main.run(args)).isEqualTo(2);
        } finally {
            System.setErr(before);
        }
        return told.toString(StandardCharsets.UTF_8);
    }

    /** The default output folder may be the run that the ranges come from. */
    @Test
    void theRunThatRangesComeFromIsNotReplaced() throws IOException {
        Path cache = Files.writeString(folder.resolve("a.cache"), "TRT-8601-EntropyCalibration2\nx: 3d800000\n");
        assertThat(refused(
                        "quantize",
                        "m.onnx",
                        "--backend",
                        "tensorrt",
                        "--ranges",
                        cache.toString(),
                        "--out",
                        folder.toString()))
                .contains("holds the source of --ranges")
                .contains("never written there");
    }

    /** One shard is not written over by the whole: it cannot be made again without its data. */
    @Test
    void aFileThatIsMergedIsNotWrittenOver() throws IOException {
        Path one = Files.writeString(folder.resolve("1.obs"), "detent-observations 1\nof three days");
        Path two = Files.writeString(folder.resolve("2.obs"), "detent-observations 1\nof three days more");
        assertThat(refused("observe", "--merge", one.toString(), two.toString(), "--out", one.toString()))
                .contains("is a file to merge, which is never overwritten");
        assertThat(one).hasContent("detent-observations 1\nof three days");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "quantize m.onnx --backend tensorrt --evaluate-samples 5 | --evaluate-samples",
                "quantize m.onnx --backend tensorrt,ncnn --cpu avx2 | --cpu",
                "tune m.onnx --backend tensorrt --cpu avx2 | --cpu",
                "plan --backend tensorrt --cpu avx2 | --cpu",
                "check m.onnx --backend onnxruntime-vnni --cpu avx2 | --cpu"
            })
    void whatWouldHaveNoEffectIsRefused(String command, String option) {
        assertThat(refused(command.split(" "))).contains("DT-CLI-062").contains(option);
    }

    @ParameterizedTest
    @CsvSource({"quantize m.onnx", "tune m.onnx", "plan", "check m.onnx"})
    void aCommandWithoutATargetSaysSo(String command) {
        assertThat(refused(command.split(" "))).contains("DT-CLI-002");
        assertThat(refused((command + " --backend ,").split(" "))).contains("DT-CLI-002");
    }

    @Test
    void whatCanBePreferredIsNamed() {
        assertThat(refused("quantize", "m.onnx", "--backend", "onnxruntime", "--prefer", "fast"))
                .contains("'fast' is none of speed, size, accuracy");
    }

    @Test
    void aComparisonAsksForOneOfSeveralRuns() throws IOException {
        Files.writeString(folder.resolve("detent.json"), "{\"targets\": [\"ncnn\", \"tensorrt\"]}");
        for (String target : List.of("ncnn", "tensorrt")) {
            Files.writeString(Files.createDirectory(folder.resolve(target)).resolve("detent.json"), "{}");
        }
        assertThat(refused("compare", folder.toString(), folder.toString()))
                .contains("DT-CLI-032")
                .contains(folder.resolve("ncnn") + ", " + folder.resolve("tensorrt"));
    }

    /** Without '=' it is no option of the metric, and none of a pass. */
    @Test
    void anAssignmentWithoutAValueIsNotDropped() {
        assertThat(new TuneCommand().metricOption("box-f1.score=0.25")).isEmpty();
        TuneCommand tune = new TuneCommand();
        tune.wanted.metric = Optional.of("box-f1=0.8");
        assertThat(tune.metricOption("box-f1.score=0.25")).hasValue("score=0.25");
        assertThat(tune.metricOption("box-f1.score")).isEmpty();
    }
}
