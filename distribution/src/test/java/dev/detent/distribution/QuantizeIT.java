package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.onnx.OnnxReader;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The everyday commands on real models, from the unpacked distribution. */
class QuantizeIT {

    @TempDir
    static Path work;

    private static Path model;
    private static Path data;

    @BeforeAll
    static void prepare() throws IOException {
        Path corpus = InstalledDistribution.corpus(work.resolve("corpus"));
        model = corpus.resolve("models/resnet.onnx");
        byte[] raw = Files.readAllBytes(corpus.resolve("calib/resnet.f32"));
        float[] values = new float[raw.length / 4];
        java.nio.ByteBuffer.wrap(raw)
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer()
                .get(values);
        Graph g = OnnxReader.read(model);
        long[] shape = g.inputs().get(0).staticShape().orElseThrow();
        shape[0] = 8;
        data = InstalledDistribution.npy(
                work.resolve("data.npy"), java.util.Arrays.toString(shape).replaceAll("[\\[\\]]", ""), values);
    }

    @Test
    void theDemoQuantizesAndSaysHowGood() {
        Path out = work.resolve("demo");
        InstalledDistribution.Run run = InstalledDistribution.run("demo", "--out", out);
        assertThat(run.code()).as(run.all()).isZero();
        assertThat(run.all()).as("its integer sums have room on every CPU").doesNotContain("DT-EVA-004");
        assertThat(run.out())
                .contains(
                        "float ",
                        "simulated ",
                        "exported ",
                        "agreement",
                        "size ",
                        "speed ",
                        "images/s",
                        out.toString());
        double agreement = Double.parseDouble(run.exported()[3]);
        assertThat(agreement).isGreaterThanOrEqualTo(97);
        assertThat(out)
                .isDirectoryContaining(f -> f.endsWith("report.html"))
                .isDirectoryContaining(f -> f.endsWith("detent.json"))
                .isDirectoryContaining(f -> f.endsWith("journal.json"));
    }

    /** The run is written either way; a script is told by the exit code, for one target as for several. */
    @ParameterizedTest
    @CsvSource({"tensorrt,snr=200,1", "tensorrt,snr=1,0", "'tensorrt,dsp',snr=200,1", "'tensorrt,dsp',snr=1,0"})
    void aScoreThatIsTooLowIsToldByTheExitCode(String backends, String least, int code) {
        Path out = work.resolve("judged " + backends + least);
        InstalledDistribution.Run run = InstalledDistribution.run(
                "quantize",
                model,
                "--backend",
                backends,
                "--calibration",
                data,
                "--evaluate",
                data,
                "--fail-below",
                least,
                "--out",
                out);
        assertThat(run.code()).as(run.all()).isEqualTo(code);
        assertThat(run.err().contains("DT-CLI-060")).isEqualTo(code == 1);
        assertThat(out).isDirectoryContaining(f -> f.endsWith("detent.json"));
    }

    /** The mix of a former search may be where the next one starts, but not where it writes. */
    @Test
    void aSearchDoesNotReplaceTheSettingsItReads() throws IOException {
        Path out = work.resolve("mix");
        Object[] tune = {
            "tune",
            model,
            "--backend",
            "tensorrt",
            "--calibration",
            data,
            "--evaluate",
            data,
            "--min-snr",
            "1",
            "--out",
            out
        };
        assertThat(InstalledDistribution.run(tune).code()).isZero();
        byte[] rules = Files.readAllBytes(out.resolve("rules.yaml"));
        InstalledDistribution.Run again = InstalledDistribution.run(
                Stream.concat(Arrays.stream(tune), Stream.of("--config", out.resolve("rules.yaml")))
                        .toArray());
        assertThat(again.code()).isEqualTo(2);
        assertThat(again.err()).contains("holds the settings file");
        assertThat(out.resolve("rules.yaml")).hasBinaryContent(rules);
    }

    @ParameterizedTest
    @CsvSource({
        "onnxruntime,qdq",
        "onnxruntime,qoperator",
        "tensorrt,qdq",
        "tensorrt,ranges",
        "dsp,encodings",
        "onnxruntime-int4,matmulnbits"
    })
    void sameInputsGiveTheSameBytesWhateverTheThreadsAndFolder(String backend, String format) throws IOException {
        Path a = work.resolve("a/" + backend + format);
        Path b = work.resolve("elsewhere/deep/" + backend + format);
        InstalledDistribution.Run first = InstalledDistribution.run(
                "quantize",
                model,
                "--backend",
                backend,
                "--format",
                format,
                "--calibration",
                data,
                "--out",
                a,
                "--threads",
                1,
                "--evaluate",
                data);
        Path moved = Files.createDirectories(work.resolve("moved" + backend + format));
        Files.copy(model, moved.resolve("resnet.onnx"));
        Files.copy(data, moved.resolve("data.npy"));
        InstalledDistribution.Run second = InstalledDistribution.run(
                "quantize",
                moved.resolve("resnet.onnx"),
                "--backend",
                backend,
                "--format",
                format,
                "--calibration",
                moved.resolve("data.npy"),
                "--out",
                b,
                "--threads",
                3,
                "--evaluate",
                moved.resolve("data.npy"));
        assertThat(first.code()).as(first.all()).isZero();
        assertThat(second.code()).as(second.all()).isZero();
        Map<String, byte[]> x = files(a);
        Map<String, byte[]> y = files(b);
        assertThat(x.keySet()).isEqualTo(y.keySet()).hasSizeGreaterThanOrEqualTo(4);
        assertThat(x.entrySet().stream()
                        .filter(e -> !java.util.Arrays.equals(e.getValue(), y.get(e.getKey())))
                        .map(Map.Entry::getKey))
                .isEmpty();
    }

    @Test
    void nothingIsLeftInTheTemporaryFolder() throws IOException {
        Path temporary = Files.createDirectories(work.resolve("tmp"));
        InstalledDistribution.Run run = InstalledDistribution.launch(
                Map.of("DETENT_JAVA_OPTS", "-Djava.io.tmpdir=" + temporary),
                "quantize",
                model,
                "--backend",
                "onnxruntime",
                "--calibration",
                data,
                "--evaluate",
                data,
                "--out",
                work.resolve("tidy"));
        assertThat(run.code()).as(run.all()).isZero();
        assertThat(temporary).isEmptyDirectory();
    }

    private static Map<String, byte[]> files(Path folder) throws IOException {
        Map<String, byte[]> all = new TreeMap<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path f : files.toList()) {
                all.put(f.getFileName().toString(), Files.readAllBytes(f));
            }
        }
        return all;
    }

    @Test
    void theQdqFileHoldsIntegersAndEvaluateScoresIt() throws IOException {
        Path out = work.resolve("ort");
        assertThat(InstalledDistribution.run(
                                "quantize", model, "--backend", "onnxruntime", "--calibration", data, "--out", out)
                        .code())
                .isZero();
        Graph g = OnnxReader.read(out.resolve("resnet.qdq.onnx"));
        assertThat(g.opset()).isGreaterThanOrEqualTo(13);
        assertThat(g.initializers().values().stream()
                        .filter(t -> t.type() == ElementType.INT8)
                        .count())
                .isPositive();
        assertThat(g.initializers().values().stream()
                        .filter(t -> t.type() == ElementType.INT32)
                        .count())
                .isPositive();
        InstalledDistribution.Run run = InstalledDistribution.run("evaluate", model, out, "--data", data);
        assertThat(run.code()).as(run.all()).isZero();
        assertThat(run.out()).contains("float", "simulated", "exported", "dB");
        InstalledDistribution.Run again = InstalledDistribution.run(
                "quantize",
                out.resolve("resnet.qdq.onnx"),
                "--backend",
                "onnxruntime",
                "--calibration",
                data,
                "--out",
                work.resolve("twice"));
        assertThat(again.all()).contains("DT-QNT-003", "quantized already");
    }

    @Test
    void everyFloatTensorHasAnEncoding() throws IOException {
        Path out = work.resolve("dsp");
        assertThat(InstalledDistribution.run("quantize", model, "--backend", "dsp", "--calibration", data, "--out", out)
                        .code())
                .isZero();
        Graph g = OnnxReader.read(out.resolve("resnet.onnx"));
        var encodings = com.google.gson.JsonParser.parseString(Files.readString(out.resolve("resnet.encodings")))
                .getAsJsonObject();
        var activations = encodings.getAsJsonObject("activation_encodings");
        g.nodes()
                .forEach(n -> n.outputs().stream()
                        .filter(o -> g.valueInfo(o)
                                .map(v -> v.type() == ElementType.FLOAT)
                                .orElse(false))
                        .forEach(o -> assertThat(activations.has(o)).as(o).isTrue()));
        assertThat(activations.has(g.inputs().get(0).name())).isTrue();
        assertThat(encodings.getAsJsonObject("param_encodings").size()).isPositive();
        InstalledDistribution.Run run = InstalledDistribution.run("evaluate", model, out, "--data", data);
        assertThat(run.code()).as(run.all()).isZero();
        assertThat(run.out()).contains("simulated");
    }

    @Test
    void planExplainInspectAndLists() {
        Path out = work.resolve("explained");
        assertThat(InstalledDistribution.run(
                                "quantize", model, "--backend", "onnxruntime", "--calibration", data, "--out", out)
                        .code())
                .isZero();
        Graph g = OnnxReader.read(model);
        String tensor = g.inputs().get(0).name();
        InstalledDistribution.Run explain = InstalledDistribution.run("explain", out, tensor);
        assertThat(explain.out()).contains("INITIAL -> ACTIVATED", "calibration", "scale");
        assertThat(InstalledDistribution.run("explain", out, "no such tensor").code())
                .isEqualTo(2);
        assertThat(InstalledDistribution.run("plan", "--backend", "tensorrt").out())
                .contains("calibration", "after PARAMETERS_CALIBRATED");
        assertThat(InstalledDistribution.run("inspect", model, "--nodes").out()).contains("opset", "Conv", tensor);
        assertThat(InstalledDistribution.run("backends").out())
                .contains("onnxruntime", "tensorrt", "dsp", "ppq:TRT_INT8", "ppq:ACADEMIC_MIX");
        assertThat(InstalledDistribution.run("passes").out())
                .contains("alignment", "--set fusion.activations", "dispatcher=perseus");
        assertThat(InstalledDistribution.run("observers").out())
                .contains("minmax", "percentile", "kl", "mse", "isotone");
        assertThat(InstalledDistribution.run("doctor").code()).isZero();
        assertThat(InstalledDistribution.run("--version").out())
                .isEqualTo("detent " + System.getProperty("detent.version") + "\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{calibration: {method: minmax}, bias-correction: off}",
                "{calibration.method: minmax, bias-correction: false}",
                "[calibration.method=minmax, bias-correction=off]"
            })
    void settingsComeFromYamlUnderTheSameNames(String set) throws IOException {
        Path yaml = Files.writeString(
                work.resolve("detent.yaml"),
                "backend: [onnxruntime]\ncalibration: " + data + "\nsamples: 3\npreset: none\nset: " + set);
        Path out = work.resolve("yaml" + set.hashCode());
        InstalledDistribution.Run run = InstalledDistribution.run("quantize", model, "--config", yaml, "--out", out);
        assertThat(run.code()).as(run.all()).isZero();
        assertThat(run.out()).contains("from 3 samples");
        assertThat(Files.readString(out.resolve("detent.json")))
                .contains("\"method\": \"minmax\"")
                .doesNotContain("bias-correction");
        Path b = work.resolve("options" + set.hashCode());
        assertThat(InstalledDistribution.run(
                                "quantize",
                                model,
                                "--backend",
                                "onnxruntime",
                                "--calibration",
                                data,
                                "--samples",
                                3,
                                "--set",
                                "calibration.method=minmax",
                                "--set",
                                "bias-correction=off",
                                "--out",
                                b)
                        .code())
                .isZero();
        assertThat(b.resolve("detent.json")).hasSameBinaryContentAs(out.resolve("detent.json"));
    }

    @Test
    void javaDoesNotWarn() {
        for (String jdk : List.of(System.getProperty("java.home"), "/usr/lib/jvm/temurin-25-jdk-amd64")) {
            if (Files.isDirectory(Path.of(jdk))) {
                InstalledDistribution.Run run = InstalledDistribution.launch(
                        Map.of("JAVA_HOME", jdk),
                        "quantize",
                        model,
                        "--backend",
                        "onnxruntime",
                        "--calibration",
                        data,
                        "--out",
                        work.resolve("warn" + jdk.hashCode()));
                assertThat(run.code()).as(run.all()).isZero();
                assertThat(run.err()).as(jdk).isEmpty();
            }
        }
    }
}
