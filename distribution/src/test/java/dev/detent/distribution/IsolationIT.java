package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.onnx.OnnxReader;
import dev.detent.onnx.proto.AttributeProto;
import dev.detent.onnx.proto.GraphProto;
import dev.detent.onnx.proto.ModelProto;
import dev.detent.onnx.proto.NodeProto;
import dev.detent.onnx.proto.OperatorSetIdProto;
import dev.detent.onnx.proto.TensorProto;
import dev.detent.onnx.proto.TensorShapeProto;
import dev.detent.onnx.proto.TypeProto;
import dev.detent.onnx.proto.ValueInfoProto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code --isolate} and {@code --timeout}: whatever becomes of the process that works, a sentence tells it. */
class IsolationIT {

    private static final String PID = "String.valueOf(ProcessHandle.current().pid())";

    @TempDir
    Path work;

    private VendorFolder folder;
    private Path model;
    private Path data;

    @BeforeEach
    void inputs() throws IOException {
        folder = VendorFolder.below(work);
        model = InstalledDistribution.corpus(work.resolve("corpus")).resolve("models/conv1d.onnx");
        long[] shape = OnnxReader.read(model).inputs().get(0).staticShape().orElseThrow();
        data = InstalledDistribution.npy(
                work.resolve("data.npy"),
                Arrays.toString(shape).replaceAll("[\\[\\]]", ""),
                InstalledDistribution.noise((int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)));
    }

    private InstalledDistribution.Run quantize(Path model, String backend, String out, Object... more) {
        List<Object> command = new ArrayList<>(
                List.of("quantize", model, "--backend", backend, "--calibration", data, "--out", work.resolve(out)));
        command.addAll(List.of(more));
        return folder.run(command.toArray());
    }

    private Map<String, byte[]> files(String out) throws IOException {
        Map<String, byte[]> all = new TreeMap<>();
        try (Stream<Path> files = Files.walk(work.resolve(out))) {
            for (Path f : files.filter(Files::isRegularFile).toList()) {
                all.put(work.resolve(out).relativize(f).toString(), Files.readAllBytes(f));
            }
        }
        return all;
    }

    @Test
    void anIsolatedRunWritesAndSaysTheSame() throws IOException {
        InstalledDistribution.Run plain = quantize(model, "onnxruntime", "a", "--no-speed");
        InstalledDistribution.Run isolated = quantize(model, "onnxruntime", "b", "--no-speed", "--isolate");
        assertThat(isolated.code()).as(isolated.all()).isZero();
        assertThat(isolated.out())
                .isEqualTo(plain.out()
                        .replace(work.resolve("a").toString(), work.resolve("b").toString()));
        assertThat(files("b")).usingRecursiveComparison().isEqualTo(files("a"));
        InstalledDistribution.Run wrong = quantize(model, "no-such", "c", "--isolate");
        assertThat(wrong.code()).isEqualTo(2);
        assertThat(wrong.err()).contains("there is no backend 'no-such'");
        Files.writeString(work.resolve("b/report.html"), "edited");
        InstalledDistribution.Run verify = folder.run("verify", work.resolve("b"), "--timeout", "100");
        assertThat(verify.code()).as(verify.all()).isEqualTo(1);
        assertThat(verify.err()).contains("DT-VER-024");
    }

    /** What ONNX Runtime does on some models, a plugin's native library may do, or a system that lacks memory. */
    @ParameterizedTest
    @CsvSource({
        "kill -ABRT, 70, DT-INT-005: native code ended the run (signal 6)",
        "kill -KILL, 2, 'DT-CLI-005: the system ended the run (signal 9), as it does when memory runs out'",
        "halt, 3, DT-PLG-019"
    })
    void anEndThatIsNoneIsTold(String how, int code, String sentence) throws IOException {
        String[] parts = how.split(" ");
        String end = how.equals("halt")
                ? "Runtime.getRuntime().halt(0);"
                : "try { new ProcessBuilder(\"kill\", \"" + parts[1] + "\", " + PID
                        + ").start().waitFor(); Thread.sleep(60000); } catch (Exception e) { throw new RuntimeException(e); }";
        folder.jar(
                "vendor.jar",
                VendorFolder.method("rules", "if (true) { " + end + " }")
                        .replace(HostilePluginsIT.TARGET, HostilePluginsIT.TARGET + HostilePluginsIT.EXPORTERS));
        InstalledDistribution.Run run = quantize(model, "vendor", "out", "--allow-unlisted", "--isolate");
        assertThat(run.code()).as(run.all()).isEqualTo(code);
        assertThat(run.err()).contains(sentence, "nothing was written");
        assertThat(run.all().lines()).hasSize(1);
        assertThat(work.resolve("out")).doesNotExist();
        // The next run into the same folder finds it as if nothing had been.
        assertThat(quantize(model, "onnxruntime", "out").code()).isZero();
        try (Stream<Path> left = Files.list(work)) {
            assertThat(left.map(f -> f.getFileName().toString())).noneMatch(n -> n.startsWith("."));
        }
    }

    @Test
    void aLoopThatNeverEndsIsEnded() throws IOException {
        Path endless = endless();
        long start = System.nanoTime();
        InstalledDistribution.Run run = quantize(endless, "onnxruntime", "out", "--timeout", "15");
        assertThat((System.nanoTime() - start) / 1e9).isLessThan(60);
        assertThat(run.code()).as(run.all()).isEqualTo(2);
        assertThat(run.err()).contains("DT-CLI-009: took longer than --timeout 15 and was ended");
        assertThat(work.resolve("out")).doesNotExist();
        try (Stream<Path> left = Files.list(work)) {
            assertThat(left.map(f -> f.getFileName().toString())).noneMatch(n -> n.startsWith("."));
        }
    }

    /** The child has nobody to report to. */
    @Test
    void theChildEndsWithItsSupervisor() throws Exception {
        Path endless = endless();
        Process supervisor = new ProcessBuilder(
                        "sh",
                        InstalledDistribution.launcher().toString(),
                        "quantize",
                        endless.toString(),
                        "--backend",
                        "onnxruntime",
                        "--calibration",
                        data.toString(),
                        "--isolate",
                        "--out",
                        work.resolve("out").toString())
                .redirectErrorStream(true)
                .redirectOutput(work.resolve("log").toFile())
                .start();
        ProcessHandle child = null;
        for (int i = 0; i < 600 && child == null; i++) {
            Thread.sleep(100);
            child = supervisor.descendants().findFirst().orElse(null);
        }
        assertThat(child).isNotNull();
        Thread.sleep(3000);
        supervisor.destroyForcibly().waitFor();
        child.onExit().get(30, java.util.concurrent.TimeUnit.SECONDS);
    }

    /** The body gives the condition back that it was given, and the first is true. */
    private Path endless() throws IOException {
        ValueInfoProto x = value("x", 1, dims());
        GraphProto body = GraphProto.newBuilder()
                .setName("body")
                .addInput(value("i", 7))
                .addInput(value("c", 9))
                .addInput(value("v", 1, dims()))
                .addNode(node("same", "Identity", List.of("c"), "d"))
                .addNode(node("next", "Relu", List.of("v"), "w"))
                .addOutput(value("d", 9))
                .addOutput(value("w", 1, dims()))
                .build();
        GraphProto.Builder graph = GraphProto.newBuilder()
                .setName("endless")
                .addInput(x)
                .addInitializer(
                        TensorProto.newBuilder().setName("true").setDataType(9).addInt32Data(1))
                .addNode(node("loop", "Loop", List.of("", "true", "x"), "y")
                        .addAttribute(AttributeProto.newBuilder()
                                .setName("body")
                                .setType(AttributeProto.AttributeType.GRAPH)
                                .setG(body)))
                .addNode(node("relu", "Relu", List.of("y"), "z"))
                .addOutput(value("z", 1, dims()));
        return Files.write(
                work.resolve("endless.onnx"),
                ModelProto.newBuilder()
                        .setIrVersion(8)
                        .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(13))
                        .setGraph(graph)
                        .build()
                        .toByteArray());
    }

    private long[] dims() {
        return OnnxReader.read(model).inputs().get(0).staticShape().orElseThrow();
    }

    private static NodeProto.Builder node(String name, String type, List<String> inputs, String output) {
        return NodeProto.newBuilder()
                .setName(name)
                .setOpType(type)
                .addAllInput(inputs)
                .addOutput(output);
    }

    private static ValueInfoProto value(String name, int type, long... dims) {
        TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
        for (long d : dims) {
            shape.addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(d));
        }
        return ValueInfoProto.newBuilder()
                .setName(name)
                .setType(TypeProto.newBuilder()
                        .setTensorType(
                                TypeProto.Tensor.newBuilder().setElemType(type).setShape(shape)))
                .build();
    }
}
