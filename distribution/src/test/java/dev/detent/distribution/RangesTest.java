package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.host.Detent;
import dev.detent.host.job.QuantizeOutcome;
import dev.detent.host.job.QuantizeRequest;
import dev.detent.host.progress.Progress;
import dev.detent.host.rules.KnownRanges;
import dev.detent.host.settings.Settings;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Quantizing from ranges that somebody found before, without data. */
class RangesTest {

    @TempDir
    static Path work;

    private static Path model;
    private static Path data;

    @BeforeAll
    static void prepare() throws IOException {
        model = RulesTest.network(work.resolve("net.onnx"));
        data = RulesTest.noise(work.resolve("data.npy"));
    }

    private static QuantizeOutcome run(
            String target, String format, Optional<Path> calibration, Settings settings, String out) {
        QuantizeRequest.Builder request = QuantizeRequest.of(model, List.of(target), work.resolve(out))
                .format(format)
                .settings(settings)
                .workers(1);
        calibration.ifPresent(c -> request.calibration(c.toString()));
        return Detent.of(TestPlatform.REGISTRY, "test")
                .quantize(request.build(), Progress.QUIET)
                .outcome();
    }

    private static Settings plain(String... off) {
        Settings settings = Settings.NONE;
        for (String pass : off) {
            settings = settings.with(pass + "=off");
        }
        return settings;
    }

    /** The same file, byte for byte, as the run with data wrote, apart from passes that look at data. */
    @ParameterizedTest
    @CsvSource({
        "onnxruntime, qdq, net.qdq.onnx, bias-correction",
        "openvino, qdq, net.qdq.onnx, bias-correction",
        "ncnn, table, net.table, bias-correction",
        "rknn, qdq, net.qdq.onnx, bias-correction"
    })
    void aFormerRunGivesTheSameFileWithoutData(String target, String format, String file, String off)
            throws IOException {
        run(target, format, Optional.of(data), plain(off), "data-" + target);
        Path former = work.resolve("data-" + target);
        QuantizeOutcome again =
                run(target, format, Optional.empty(), Settings.NONE.with(Detent.ranges(former)), "again-" + target);
        assertThat(again.samples()).isZero();
        assertThat(work.resolve("again-" + target).resolve(file)).hasSameBinaryContentAs(former.resolve(file));
        assertThat(again.problems()).extracting(Problem::id).contains("DT-RUL-032");
    }

    /** What one target found serves another. */
    @Test
    void anotherTargetIsQuantizedFromThem() throws IOException {
        run("qnn", "encodings", Optional.of(data), plain("equalization"), "qnn");
        KnownRanges known = Detent.ranges(work.resolve("qnn/net.encodings"));
        assertThat(known.byTensor()).containsKeys("x", "r1", "r2", "y");
        run("ncnn", "table", Optional.empty(), Settings.NONE.with(known), "ncnn-of-qnn");
        assertThat(Files.readString(work.resolve("ncnn-of-qnn/net.table"))).contains("conv2");
    }

    @Test
    void aQdqModelIsRead() {
        run("onnxruntime", "qdq", Optional.of(data), Settings.NONE, "ort");
        KnownRanges known = Detent.ranges(work.resolve("ort/net.qdq.onnx"));
        assertThat(known.byTensor()).containsKeys("x", "r1", "r2");
    }

    /** 3d800000 is 0.0625. */
    @Test
    void aCacheOfTensorRtIsRead() throws IOException {
        Path cache = Files.writeString(
                work.resolve("calibration.cache"), "TRT-8601-EntropyCalibration2\nx: 3d800000\nr1: 3d800000\n");
        assertThat(Detent.ranges(cache).byTensor().get("r1").range().high()).isEqualTo(127 * 0.0625);
        assertThatThrownBy(
                        () -> run("tensorrt", "qdq", Optional.empty(), Settings.NONE.with(Detent.ranges(cache)), "trt"))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("needs calibration data for")
                .hasMessageContaining("such as");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "TRT-8601|holds no range",
                "TRT-8601~x: zz|not 'tensor: scale in hex'",
                "{}|holds no range",
                "not json|is damaged",
                "{\"activation_encodings\": {\"x\": 3}}|is damaged"
            })
    void whatIsNoFileOfRangesIsOneSentence(String content, String sentence) throws IOException {
        Path file = Files.writeString(work.resolve("odd"), content.replace('~', '\n'));
        assertThatThrownBy(() -> Detent.ranges(file))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("DT-RUL-031")
                .hasMessageContaining(sentence);
    }

    @Test
    void rangesOfAnotherModelAreRefused() throws IOException {
        Path cache = Files.writeString(work.resolve("other.cache"), "TRT-8601-MinMax\nsomething: 3d800000\n");
        assertThatThrownBy(() ->
                        run("onnxruntime", "qdq", Optional.empty(), Settings.NONE.with(Detent.ranges(cache)), "other"))
                .hasMessageContaining("names none of the tensors");
    }
}
