package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.detent.onnx.OnnxReader;
import dev.detent.onnx.OnnxWriter;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Several targets from one calibration, artefacts read back, targets described in YAML: on the unpacked distribution.
 */
class TargetsIT {

    @TempDir
    static Path work;

    private static Path model;
    private static Path data;

    @BeforeAll
    static void prepare() throws IOException {
        Path corpus = InstalledDistribution.corpus(work.resolve("corpus"));
        model = corpus.resolve("models/resnet.onnx");
        float[] values = new float[Files.readAllBytes(corpus.resolve("calib/resnet.f32")).length / 4];
        java.nio.ByteBuffer.wrap(Files.readAllBytes(corpus.resolve("calib/resnet.f32")))
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer()
                .get(values);
        long[] shape = OnnxReader.read(model).inputs().get(0).staticShape().orElseThrow();
        shape[0] = 8;
        data = InstalledDistribution.npy(
                work.resolve("data.npy"), Arrays.toString(shape).replaceAll("[\\[\\]]", ""), values);
    }

    @Test
    void severalTargetsFromOneLookAreWhatEachIsAlone() throws IOException {
        Path out = work.resolve("several");
        InstalledDistribution.Run run = InstalledDistribution.run(
                "quantize",
                model,
                "--backend",
                "onnxruntime,tensorrt,ncnn",
                "--calibration",
                data,
                "--evaluate",
                data,
                // Statistics are of the whole run and lie beside the targets' folders.
                "--no-observations",
                "--out",
                out);
        assertThat(run.code()).as(run.all()).isZero();
        assertThat(run.out())
                .contains("onnxruntime ", "tensorrt ", "ncnn ", "disagree on: state", "observed in 1 pass over");
        assertThat(out.resolve("comparison.html"))
                .content()
                .contains(
                        "Side by side",
                        "multiply-adds in 8 bits",
                        "<a href=\"ncnn/report.html\">",
                        "Number formats that differ",
                        "symmetric");
        for (String target : new String[] {"onnxruntime", "tensorrt", "ncnn"}) {
            Path alone = work.resolve("alone-" + target);
            assertThat(InstalledDistribution.run(
                                    "quantize",
                                    model,
                                    "--backend",
                                    target,
                                    "--calibration",
                                    data,
                                    "--evaluate",
                                    data,
                                    "--no-observations",
                                    "--out",
                                    alone)
                            .code())
                    .isZero();
            try (var files = Files.list(alone)) {
                for (Path f : files.toList()) {
                    assertThat(out.resolve(target).resolve(f.getFileName()))
                            .as(f.toString())
                            .hasSameBinaryContentAs(f);
                }
            }
        }
        JsonObject json = JsonParser.parseString(Files.readString(out.resolve("detent.json")))
                .getAsJsonObject();
        assertThat(json.getAsJsonArray("disagreements").size())
                .isPositive()
                .isLessThanOrEqualTo(json.get("slots").getAsInt());
        InstalledDistribution.Run verify = InstalledDistribution.run("verify", out);
        assertThat(verify.code()).as(verify.all()).isZero();
        assertThat(verify.out())
                .contains("onnxruntime as qdq", "tensorrt as qdq", "ncnn as table", "every layer bit-equal");
        InstalledDistribution.Run evaluate = InstalledDistribution.run("evaluate", model, out, "--data", data);
        assertThat(evaluate.code()).as(evaluate.all()).isZero();
        for (String target : new String[] {"onnxruntime", "tensorrt", "ncnn"}) {
            String simulated = run.out()
                    .lines()
                    .filter(l -> l.startsWith(target + " ") && l.endsWith("simulated"))
                    .findFirst()
                    .orElseThrow();
            assertThat(evaluate.out().lines().map(l -> l.replaceAll(" +", " ")))
                    .contains(simulated.replaceAll(" +", " ").replaceFirst(" \\S+/\\S+", ""));
        }
        String tensor = OnnxReader.read(model).inputs().get(0).name();
        assertThat(InstalledDistribution.run("explain", out, tensor).out())
                .contains("onnxruntime:", "tensorrt:", "ncnn:", "INITIAL -> ACTIVATED");
        assertThat(InstalledDistribution.run("explain", out, "no such tensor").code())
                .isEqualTo(2);
    }

    @Test
    void aChangedModelIsFound() throws IOException {
        Path out = work.resolve("qdq");
        assertThat(InstalledDistribution.run(
                                "quantize", model, "--backend", "onnxruntime", "--calibration", data, "--out", out)
                        .code())
                .isZero();
        Path file = out.resolve("resnet.qdq.onnx");
        Graph g = OnnxReader.read(file);
        String scale = g.initializers().keySet().stream()
                .filter(n ->
                        n.endsWith("_scale") && g.initializer(n).orElseThrow().rank() == 0)
                .findFirst()
                .orElseThrow();
        float was = g.initializer(scale).orElseThrow().floats()[0];
        g.edit().initializer(scale, Tensor.scalar(was * 1.01f));
        Files.write(file, OnnxWriter.bytes(g));
        InstalledDistribution.Run verify = InstalledDistribution.run("verify", out);
        assertThat(verify.code()).isEqualTo(1);
        assertThat(verify.all()).contains("DT-VER-012", "in the artefact", "in the run");

        Path table = work.resolve("table");
        assertThat(InstalledDistribution.run(
                                "quantize", model, "--backend", "ncnn", "--calibration", data, "--out", table)
                        .code())
                .isZero();
        Path onnx = table.resolve("resnet.onnx");
        Graph weights = OnnxReader.read(onnx);
        String weight = weights.nodes().iterator().next().input(1);
        float[] values = weights.initializer(weight).orElseThrow().floats();
        values[3] *= 1.001f;
        weights.edit()
                .initializer(
                        weight,
                        Tensor.ofFloats(
                                weights.initializer(weight).orElseThrow().dims(), values));
        Files.write(onnx, OnnxWriter.bytes(weights));
        verify = InstalledDistribution.run("verify", table);
        assertThat(verify.code()).isEqualTo(1);
        assertThat(verify.all()).contains("DT-VER-014", weight, "off the grid");

        // Zeros lie on every grid: only the layers' outputs tell.
        weights.edit()
                .initializer(
                        weight,
                        Tensor.ofFloats(
                                weights.initializer(weight).orElseThrow().dims(), new float[values.length]));
        Files.write(onnx, OnnxWriter.bytes(weights));
        verify = InstalledDistribution.run("verify", table);
        assertThat(verify.code()).isEqualTo(1);
        assertThat(verify.all())
                .contains("DT-VER-020", weights.nodes().iterator().next().name() + ":out:0")
                .doesNotContain("DT-VER-014");
    }

    @Test
    void aTargetDescribedInYamlIsATargetLikeAnother() throws IOException {
        Path plugins = Files.createDirectories(work.resolve("plugins"));
        try (var files = Files.list(InstalledDistribution.home().resolve("plugins"))) {
            for (Path f : files.toList()) {
                Files.copy(f, plugins.resolve(f.getFileName()));
            }
        }
        Files.writeString(plugins.resolve("acme.yaml"), """
                target: acme
                summary: Acme NPU, first afternoon
                quantizes: [weighted, movement, Relu, Add]
                moves: [movement]
                activations: {symmetric: false, observer: mse}
                weights: {per-channel: true, min: -127, scale: magnitude}
                bias: derived
                network-outputs: float
                exporters: [qdq, table]
                """);
        InstalledDistribution.Run backends =
                InstalledDistribution.run("backends", "--plugins", plugins, "--allow-unlisted");
        assertThat(backends.out()).contains("acme  Acme NPU, first afternoon", "--format table");
        Path out = work.resolve("acme");
        InstalledDistribution.Run run = InstalledDistribution.run(
                "quantize",
                model,
                "--backend",
                "acme",
                "--calibration",
                data,
                "--evaluate",
                data,
                "--out",
                out,
                "--plugins",
                plugins,
                "--allow-unlisted");
        assertThat(run.code()).as(run.all()).isZero();
        InstalledDistribution.Run verify =
                InstalledDistribution.run("verify", out, "--plugins", plugins, "--allow-unlisted");
        assertThat(verify.out()).contains("every layer bit-equal");
        Files.writeString(plugins.resolve("acme.yaml"), "target: acme\nquantise: [Conv]\n");
        InstalledDistribution.Run broken =
                InstalledDistribution.run("backends", "--plugins", plugins, "--allow-unlisted");
        // The other plugins go on working.
        assertThat(broken.code()).isZero();
        assertThat(broken.err()).contains("acme.yaml", "unknown key 'quantise'").doesNotContain("Exception");
        Files.writeString(plugins.resolve("acme.yaml"), "target: [\n");
        assertThat(InstalledDistribution.run("backends", "--plugins", plugins, "--allow-unlisted")
                        .err())
                .contains("acme.yaml", "is no YAML");
    }

    @Test
    void aTargetThatFindsNothingToQuantizeSaysSo() throws IOException {
        GraphEditor weightless = CaseRun.graph(17).input(ValueInfo.of("x", ElementType.FLOAT, 1, 4));
        weightless.add(Node.of("act", "Sigmoid", List.of("x"), List.of("y"), Map.of()));
        CaseRun.output(weightless, "y");
        Path of = work.resolve("weightless.onnx");
        OnnxWriter.write(weightless.graph(), of);
        InstalledDistribution.Run none = InstalledDistribution.run(
                "quantize", of, "--backend", "onnxruntime-int4", "--out", work.resolve("none"));
        assertThat(none.code()).as(none.all()).isZero();
        assertThat(none.all()).contains("DT-QNT-002", "onnxruntime-int4");
    }

    @Test
    void optionsOfFormatsAreTaken() {
        Path out = work.resolve("float-weights");
        InstalledDistribution.Run run = InstalledDistribution.run(
                "quantize",
                model,
                "--backend",
                "tensorrt",
                "--set",
                "qdq.weights=qdq",
                "--calibration",
                data,
                "--out",
                out);
        assertThat(run.code()).as(run.all()).isZero();
        assertThat(OnnxReader.read(out.resolve("resnet.qdq.onnx"))
                        .initializers()
                        .values())
                .noneMatch(t -> t.type() == ElementType.INT8 && t.rank() == 4);
        assertThat(InstalledDistribution.run("verify", out).out()).contains("every layer bit-equal");
        InstalledDistribution.Run wrong = InstalledDistribution.run(
                "quantize",
                model,
                "--backend",
                "tensorrt",
                "--set",
                "qdq.wieghts=qdq",
                "--calibration",
                data,
                "--out",
                out);
        assertThat(wrong.code()).isEqualTo(2);
        assertThat(wrong.err()).contains("format 'qdq' has no option 'wieghts'", "weights");
    }
}
