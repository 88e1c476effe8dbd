package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.protobuf.ByteString;
import dev.detent.onnx.proto.AttributeProto;
import dev.detent.onnx.proto.GraphProto;
import dev.detent.onnx.proto.ModelProto;
import dev.detent.onnx.proto.NodeProto;
import dev.detent.onnx.proto.OperatorSetIdProto;
import dev.detent.onnx.proto.StringStringEntryProto;
import dev.detent.onnx.proto.TensorProto;
import dev.detent.onnx.proto.ValueInfoProto;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A user's mistake: one sentence with the culprit's name, exit code 2, no stack trace, nothing half-written. */
class BadInputIT {

    @TempDir
    Path work;

    private Path model;
    private Path data;

    @BeforeEach
    void prepare() throws IOException {
        model = write("good.onnx", conv(1f));
        data = InstalledDistribution.npy(work.resolve("good.npy"), "4, 1, 4, 4", InstalledDistribution.noise(64));
    }

    private Path write(String name, ModelProto m) throws IOException {
        return Files.write(work.resolve(name), m.toByteArray());
    }

    /** A 1x1 convolution with one weight. */
    private static ModelProto conv(float weight) {
        TensorProto w = TensorProto.newBuilder()
                .setName("w")
                .setDataType(1)
                .addAllDims(List.of(1L, 1L, 1L, 1L))
                .addFloatData(weight)
                .build();
        return model(w);
    }

    private static ModelProto model(TensorProto w) {
        GraphProto.Builder g = GraphProto.newBuilder()
                .setName("g")
                .addInitializer(w)
                .addInput(image("x"))
                .addOutput(image("y"))
                .addNode(NodeProto.newBuilder()
                        .setName("conv")
                        .setOpType("Conv")
                        .addInput("x")
                        .addInput("w")
                        .addOutput("y"));
        return ModelProto.newBuilder()
                .setIrVersion(8)
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(13))
                .setGraph(g)
                .build();
    }

    private static ValueInfoProto image(String name) {
        ValueInfoProto.Builder v = ValueInfoProto.newBuilder().setName(name);
        v.getTypeBuilder().getTensorTypeBuilder().setElemType(1);
        for (long d : new long[] {1, 1, 4, 4}) {
            v.getTypeBuilder()
                    .getTensorTypeBuilder()
                    .getShapeBuilder()
                    .addDimBuilder()
                    .setDimValue(d);
        }
        return v.build();
    }

    private void refused(int code, String mentions, Object... args) throws IOException {
        Path out = work.resolve("out");
        Object[] all = Stream.concat(Stream.of(args), Stream.of("--out", out)).toArray();
        InstalledDistribution.Run run = InstalledDistribution.run(all);
        assertThat(run.code()).as(run.all()).isEqualTo(code);
        assertThat(run.err())
                .contains(mentions)
                .startsWith("error DT-")
                .doesNotContain("\tat ")
                .doesNotContain("Exception");
        assertThat(run.err().lines().count()).as(run.err()).isLessThanOrEqualTo(3);
        assertThat(out).doesNotExist();
        try (Stream<Path> left = Files.list(work)) {
            assertThat(left.filter(f -> f.getFileName().toString().contains(".detent-")))
                    .isEmpty();
        }
    }

    private Object[] quantize(Path m, Object calibration, Object... more) {
        return Stream.concat(
                        Stream.of("quantize", m, "--backend", "qnn-ep", "--calibration", calibration), Stream.of(more))
                .toArray();
    }

    @Test
    void theGoodCaseIsGood() {
        InstalledDistribution.Run run = InstalledDistribution.run(
                "quantize", model, "--backend", "qnn-ep", "--calibration", data, "--out", work.resolve("fine"));
        assertThat(run.code()).as(run.all()).isZero();
    }

    @Test
    void modelsThatAreNone() throws IOException {
        refused(2, "no such file", quantize(work.resolve("absent.onnx"), data));
        refused(
                2,
                "text.onnx",
                quantize(Files.writeString(work.resolve("text.onnx"), "this is no model at all, just text"), data));
        refused(2, "empty.onnx", quantize(Files.write(work.resolve("empty.onnx"), new byte[0]), data));
        byte[] whole = Files.readAllBytes(model);
        refused(
                2,
                "truncated",
                quantize(
                        Files.write(work.resolve("cut.onnx"), java.util.Arrays.copyOf(whole, whole.length - 25)),
                        data));
    }

    @Test
    void graphsThatHaveNoOrder() throws IOException {
        ModelProto.Builder cycle = conv(1).toBuilder();
        NodeProto.Builder add = NodeProto.newBuilder()
                .setName("add")
                .setOpType("Add")
                .addInput("x")
                .addInput("y")
                .addOutput("z");
        cycle.getGraphBuilder().addNode(add).getNodeBuilder(0).setInput(0, "z");
        refused(2, "reads what is made from its own output", quantize(write("cycle.onnx", cycle.build()), data));
    }

    @Test
    void externalDataMayNotEscape() throws IOException {
        Files.write(work.resolve("secret.bin"), new byte[64]);
        Path folder = Files.createDirectories(work.resolve("m"));
        TensorProto w = TensorProto.newBuilder()
                .setName("w")
                .setDataType(1)
                .addAllDims(List.of(1L, 1L, 1L, 1L))
                .setDataLocation(TensorProto.DataLocation.EXTERNAL)
                .addExternalData(
                        StringStringEntryProto.newBuilder().setKey("location").setValue("../secret.bin"))
                .build();
        refused(
                2,
                "outside the model's folder",
                quantize(Files.write(folder.resolve("escape.onnx"), model(w).toByteArray()), data));
        TensorProto missing = w.toBuilder()
                .setExternalData(
                        0,
                        StringStringEntryProto.newBuilder().setKey("location").setValue("none.bin"))
                .build();
        refused(
                2,
                "none.bin",
                quantize(
                        Files.write(
                                folder.resolve("missing.onnx"), model(missing).toByteArray()),
                        data));
        Files.write(folder.resolve("short.bin"), new byte[2]);
        TensorProto shorter = w.toBuilder()
                .setExternalData(
                        0,
                        StringStringEntryProto.newBuilder().setKey("location").setValue("short.bin"))
                .build();
        refused(
                2,
                "does not fit",
                quantize(
                        Files.write(folder.resolve("short.onnx"), model(shorter).toByteArray()), data));
    }

    @Test
    void damagedWeights() throws IOException {
        refused(2, "'w' holds NaN", quantize(write("nan.onnx", conv(Float.NaN)), data));
        refused(2, "'w' holds Infinity", quantize(write("inf.onnx", conv(Float.POSITIVE_INFINITY)), data));
        ModelProto.Builder inNode = conv(Float.NaN).toBuilder();
        NodeProto.Builder constant =
                NodeProto.newBuilder().setOpType("Constant").addOutput("w");
        constant.addAttributeBuilder()
                .setName("value")
                .setType(AttributeProto.AttributeType.TENSOR)
                .setT(inNode.getGraph().getInitializer(0));
        inNode.getGraphBuilder().clearInitializer().addNode(0, constant);
        refused(2, "'w' holds NaN", quantize(write("constant.onnx", inNode.build()), data));
        ModelProto.Builder negative = conv(1).toBuilder();
        negative.getGraphBuilder().getInitializerBuilder(0).setDims(0, -1);
        refused(2, "'w' has the shape [-1, 1, 1, 1]", quantize(write("negative.onnx", negative.build()), data));
    }

    @Test
    void calibrationData() throws IOException {
        refused(2, "does not exist", quantize(model, work.resolve("nowhere")));
        refused(2, "holds no samples", quantize(model, Files.createDirectories(work.resolve("empty"))));
        refused(
                2,
                "of folders in it only pictures are read",
                quantize(
                        model,
                        Files.createDirectories(work.resolve("nested/class")).getParent()));
        refused(
                2,
                "[1, 1, 5, 5]",
                quantize(
                        model,
                        InstalledDistribution.npy(
                                work.resolve("shape.npy"), "2, 1, 5, 5", InstalledDistribution.noise(50))));
        refused(
                2,
                "NaN",
                quantize(model, InstalledDistribution.npy(work.resolve("nan.npy"), "1, 1, 4, 4", nan(Float.NaN))));
        refused(
                2,
                "Infinity",
                quantize(
                        model,
                        InstalledDistribution.npy(
                                work.resolve("inf.npy"), "1, 1, 4, 4", nan(Float.NEGATIVE_INFINITY))));
        refused(2, "no .npy", quantize(model, Files.writeString(work.resolve("fake.npy"), "not an array, only text")));
        refused(2, "no multiple", quantize(model, Files.write(work.resolve("odd.bin"), new byte[33])));
        refused(
                2,
                "PNG, JPEG or BMP",
                quantize(
                        model,
                        Files.writeString(
                                        Files.createDirectories(work.resolve("pics"))
                                                .resolve("a.png"),
                                        "no picture")
                                .getParent()));
        refused(2, "the model does not have", quantize(model, "z=" + data));
        refused(2, "--calibration", "quantize", model, "--backend", "qnn-ep");
    }

    private static float[] nan(float value) {
        float[] v = InstalledDistribution.noise(16);
        v[5] = value;
        return v;
    }

    @Test
    void rawAndImageDataAreAccepted() throws IOException {
        ByteBuffer raw = ByteBuffer.allocate(128).order(ByteOrder.LITTLE_ENDIAN);
        for (float v : InstalledDistribution.noise(32)) {
            raw.putFloat(v);
        }
        Path bin = Files.write(work.resolve("two.bin"), raw.array());
        InstalledDistribution.Run run = InstalledDistribution.run(
                "quantize", model, "--backend", "qnn-ep", "--calibration", bin, "--out", work.resolve("raw"));
        assertThat(run.out()).as(run.all()).contains("from 2 samples");
        // Of a recurrent state the first axis is no batch; the file's counts samples all the same.
        Path whole =
                InstalledDistribution.npy(work.resolve("whole.npy"), "3, 1, 1, 4, 4", InstalledDistribution.noise(48));
        run = InstalledDistribution.run(
                "quantize", model, "--backend", "qnn-ep", "--calibration", whole, "--out", work.resolve("whole"));
        assertThat(run.out()).as(run.all()).contains("from 3 samples");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "quantize",
                "evaluate",
                "verify",
                "plan",
                "explain",
                "inspect",
                "backends",
                "passes",
                "observers",
                "plugins",
                "doctor",
                "trace",
                "demo"
            })
    void everyCommandExplainsItself(String command) {
        InstalledDistribution.Run run = InstalledDistribution.run(command, "--help");
        assertThat(run.code()).as(run.all()).isZero();
        assertThat(run.out()).startsWith("Usage: detent " + command);
        assertThat(InstalledDistribution.run("--help").out()).contains("  " + command + " ");
    }

    @Test
    void aMisspeltCommandGetsASuggestion() {
        InstalledDistribution.Run run = InstalledDistribution.run("quantise");
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("'quantise'", "detent quantize");
    }

    @Test
    void misspeltNamesGetASuggestion() throws IOException {
        refused(2, "did you mean 'onnxruntime'?", "quantize", model, "--backend", "onnxruntme", "--calibration", data);
        refused(2, "did you mean 'method'?", quantize(model, data, "--set", "calibration.metod=mse"));
        refused(2, "did you mean 'calibration'?", quantize(model, data, "--set", "calibraton.method=mse"));
        refused(2, "did you mean 'percentile'?", quantize(model, data, "--set", "calibration.method=percentil"));
        refused(
                2,
                "did you mean 'calibration'?",
                quantize(model, data, "--config", Files.writeString(work.resolve("bad.yaml"), "calibratoin: x\n")));
        refused(2, "did you mean 'imagenet'?", quantize(model, data, "--preset", "imagnet"));
        refused(2, "qdq", quantize(model, data, "--format", "tflite"));
    }

    @Test
    void numbersOutOfRange() throws IOException {
        refused(2, "'-5' is less than 1", quantize(model, data, "--samples", "-5"));
        refused(2, "'0' is less than 1", quantize(model, data, "--threads", "0"));
        refused(2, "'0' is not a number of at least 1", quantize(model, data, "--set", "bias-correction.samples=0"));
        refused(2, "'2' is not between 0.5 and 1.0", quantize(model, data, "--set", "percentile.percentile=2"));
        refused(2, "cannot be negative", quantize(model, data, "--preset", "unit,resize=-5"));
        refused(
                2,
                "has shape [2, 2]",
                quantize(
                        model,
                        data,
                        "--evaluate",
                        data,
                        "--labels",
                        InstalledDistribution.npy(work.resolve("l.npy"), "2, 2", 0, 1, 2, 3)));
        refused(2, "is no file", quantize(work, data));
    }

    @Test
    void whatWouldBeIgnored() throws IOException {
        refused(2, "give that with --evaluate", quantize(model, data, "--labels", data));
        refused(2, "has no option 'bins'", quantize(model, data, "--set", "kl.bins=5"));
        refused(2, "format 'qoperator' has no option 'x'", quantize(model, data, "--set", "qoperator.x=5"));
        refused(2, "names no target", "quantize", model, "--backend", ",", "--calibration", data);
        refused(
                2,
                "a pass that was switched off is needed: passive-parameters",
                quantize(biased(), data, "--set", "passive-parameters=off"));
        Path made = work.resolve("made");
        assertThat(InstalledDistribution.run(Stream.concat(Stream.of(quantize(model, data)), Stream.of("--out", made))
                                .toArray())
                        .code())
                .isZero();
        assertThat(InstalledDistribution.run("verify", made, "--data", data).err())
                .contains("give that with --model");
        ModelProto.Builder other = conv(1).toBuilder();
        other.getGraphBuilder().getOutputBuilder(0).setName("other");
        other.getGraphBuilder().getNodeBuilder(0).setOutput(0, "other");
        assertThat(InstalledDistribution.run("evaluate", write("other.onnx", other.build()), made, "--data", data)
                        .err())
                .contains("was made from another model");
    }

    private Path biased() throws IOException {
        ModelProto.Builder m = conv(1).toBuilder();
        m.getGraphBuilder()
                .addInitializer(TensorProto.newBuilder()
                        .setName("b")
                        .setDataType(1)
                        .addDims(1)
                        .addFloatData(1))
                .getNodeBuilder(0)
                .addInput("b");
        return write("biased.onnx", m.build());
    }

    @Test
    void settingsOfAnotherKind() throws IOException {
        Path yaml = work.resolve("kind.yaml");
        refused(
                2,
                "'samples' must be a whole number of 1 or more, not 'many'",
                quantize(model, data, "--config", Files.writeString(yaml, "samples: many\n")));
        refused(
                2,
                "'calibration' must be a text, not a map",
                "quantize",
                model,
                "--backend",
                "qnn-ep",
                "--config",
                Files.writeString(yaml, "calibration: {a: b}\n"));
        refused(2, "'set' must be a map", quantize(model, data, "--config", Files.writeString(yaml, "set: fast\n")));
        refused(
                2,
                "'alignment=3' is not pass.option=value",
                quantize(model, data, "--config", Files.writeString(yaml, "set: {alignment: 3}\n")));
        refused(
                2,
                "did you mean 'resize'?",
                quantize(model, data, "--config", Files.writeString(yaml, "preset: {resise: 3}\n")));
    }

    @Test
    void outputsThatCannotBeWritten() throws IOException {
        Path file = Files.writeString(work.resolve("afile"), "x");
        InstalledDistribution.Run overFile =
                InstalledDistribution.run(Stream.concat(Stream.of(quantize(model, data)), Stream.of("--out", file))
                        .toArray());
        assertThat(overFile.code()).isEqualTo(2);
        Path precious = Files.createDirectories(work.resolve("precious"));
        Files.writeString(precious.resolve("thesis.txt"), "years of work");
        InstalledDistribution.Run overFolder =
                InstalledDistribution.run(Stream.concat(Stream.of(quantize(model, data)), Stream.of("--out", precious))
                        .toArray());
        assertThat(overFolder.code()).isEqualTo(2);
        assertThat(precious.resolve("thesis.txt")).hasContent("years of work");
        InstalledDistribution.Run readOnly = InstalledDistribution.run(
                Stream.concat(Stream.of(quantize(model, data)), Stream.of("--out", "/proc/detent/out"))
                        .toArray());
        assertThat(readOnly.code()).as(readOnly.all()).isEqualTo(2);
        assertThat(readOnly.err()).contains("cannot be written").doesNotContain("\tat ");
    }

    /** A tiny file system of our own, in a user namespace so that no root is needed. */
    @Test
    void noSpaceLeft() throws IOException {
        Path disk = Files.createDirectories(work.resolve("disk"));
        String mount = "mount -t tmpfs -o size=8k tmpfs '" + disk + "' && ";
        assumeTrue(
                InstalledDistribution.execute(Map.of(), List.of("unshare", "-rm", "sh", "-c", mount + "true"))
                                .code()
                        == 0,
                "no user namespaces here");
        InstalledDistribution.Run run = InstalledDistribution.execute(
                Map.of(),
                List.of(
                        "unshare",
                        "-rm",
                        "sh",
                        "-c",
                        mount + "sh \"$0\" \"$@\"; code=$?; ls -A '" + disk + "'; exit $code",
                        InstalledDistribution.launcher().toString(),
                        "quantize",
                        model.toString(),
                        "--backend",
                        "qnn-ep",
                        "--calibration",
                        data.toString(),
                        "--out",
                        disk.resolve("out").toString()));
        assertThat(run.code()).as(run.all()).isEqualTo(2);
        assertThat(run.err()).contains("could not be written: No space left").doesNotContain("\tat ");
        assertThat(run.out()).as("what is left on the full disk").isEmpty();
    }

    /** The temp folder is full: no model passes through it. */
    @Test
    void noSpaceForTheRuntime() throws IOException {
        InstalledDistribution.Run run = InstalledDistribution.execute(
                Map.of(),
                List.of(
                        "sh",
                        "-c",
                        "ulimit -f 1; exec sh \"$0\" \"$@\"",
                        InstalledDistribution.launcher().toString(),
                        "quantize",
                        model.toString(),
                        "--backend",
                        "qnn-ep",
                        "--calibration",
                        data.toString(),
                        // A file of Detent's own would be the first for which there is no room.
                        "--no-observations",
                        "--out",
                        work.resolve("full").toString()));
        assertThat(run.code()).as(run.all()).isEqualTo(2);
        assertThat(run.err()).contains("DT-RUN-011", "make room").doesNotContain("\tat ");
        assertThat(work.resolve("full")).doesNotExist();
        assertThat(leftOvers()).isEmpty();
    }

    @Test
    void notEnoughOfJavasMemory() throws IOException {
        TensorProto large = TensorProto.newBuilder()
                .setName("w")
                .setDataType(1)
                .addAllDims(List.of(12_000_000L, 1L, 1L, 1L))
                .setRawData(ByteString.copyFrom(new byte[48_000_000]))
                .build();
        InstalledDistribution.Run run = InstalledDistribution.launch(
                Map.of("DETENT_JAVA_OPTS", "-Xmx56m"),
                "quantize",
                write("large.onnx", model(large)),
                "--backend",
                "qnn-ep",
                "--calibration",
                data,
                "--out",
                work.resolve("small"));
        assertThat(run.code()).as(run.all()).isEqualTo(2);
        assertThat(run.err())
                .contains("DT-QNT-020", "DETENT_JAVA_OPTS=-Xmx")
                .doesNotContain("\tat ")
                .doesNotContain("OutOfMemory");
        assertThat(work.resolve("small")).doesNotExist();
        assertThat(leftOvers()).isEmpty();
    }

    @Test
    void aTerminatedProcessLeavesNothing() throws IOException, InterruptedException {
        Path big = InstalledDistribution.npy(
                work.resolve("big.npy"), "200000, 1, 4, 4", InstalledDistribution.noise(3_200_000));
        Path out = work.resolve("killed");
        Process p = new ProcessBuilder(
                        "sh",
                        InstalledDistribution.launcher().toString(),
                        "quantize",
                        model.toString(),
                        "--backend",
                        "qnn-ep",
                        "--calibration",
                        big.toString(),
                        "--out",
                        out.toString())
                .redirectErrorStream(true)
                .redirectOutput(work.resolve("log").toFile())
                .start();
        for (int i = 0; i < 400 && leftOvers().size() < 2; i++) {
            Thread.sleep(20);
        }
        assertThat(leftOvers()).as("lock and staging").hasSize(2);
        p.destroy();
        assertThat(p.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(p.exitValue()).isNotZero();
        assertThat(out).doesNotExist();
        assertThat(leftOvers()).isEmpty();
    }

    @Test
    void whatAKilledProcessLeftIsClearedByTheNextAndAPersonsOwnIsNot() throws IOException {
        Path mine = Files.createDirectories(work.resolve(".again.partial/mine"));
        Path left = Files.createDirectories(work.resolve(".again.detent-0123456789abcdef/new/junk"));
        Files.createFile(left.getParent().resolveSibling("detent-staging"));
        InstalledDistribution.Run run = InstalledDistribution.run(
                Stream.concat(Stream.of(quantize(model, data)), Stream.of("--out", work.resolve("again")))
                        .toArray());
        assertThat(run.code()).as(run.all()).isZero();
        assertThat(leftOvers()).isEmpty();
        assertThat(mine).exists();
    }

    /** What runs keep beside an output folder while they last. */
    private List<String> leftOvers() throws IOException {
        try (Stream<Path> files = Files.list(work)) {
            return files.map(f -> f.getFileName().toString())
                    .filter(f -> f.startsWith(".") && f.contains(".detent-"))
                    .toList();
        }
    }

    @Test
    void anOutputFolderIsNeverThePlaceOfAnInput() throws IOException {
        Path results = work.resolve("results");
        InstalledDistribution.Run first =
                InstalledDistribution.run(Stream.concat(Stream.of(quantize(model, data)), Stream.of("--out", results))
                        .toArray());
        assertThat(first.code()).as(first.all()).isZero();
        Path inside = Files.copy(model, results.resolve("inside.onnx"));
        Path notes = Files.writeString(results.resolve("notes.txt"), "mine");
        InstalledDistribution.Run around =
                InstalledDistribution.run(Stream.concat(Stream.of(quantize(inside, data)), Stream.of("--out", results))
                        .toArray());
        assertThat(around.code()).isEqualTo(2);
        assertThat(around.err()).startsWith("error DT-OUT-008").contains("holds the model");
        InstalledDistribution.Run again =
                InstalledDistribution.run(Stream.concat(Stream.of(quantize(model, data)), Stream.of("--out", results))
                        .toArray());
        assertThat(again.code()).as(again.all()).isZero();
        assertThat(inside).hasSameBinaryContentAs(model);
        assertThat(notes).hasContent("mine");
        byte[] before = Files.readAllBytes(model);
        InstalledDistribution.Run trace = InstalledDistribution.run(
                Stream.concat(Stream.of(quantize(model, data)), Stream.of("--out", results, "--trace", model))
                        .toArray());
        assertThat(trace.code()).isEqualTo(2);
        assertThat(trace.err()).startsWith("error DT-OUT-008").contains("is the model");
        Path config = Files.writeString(results.resolve("settings.yaml"), "samples: 2\n");
        InstalledDistribution.Run settings = InstalledDistribution.run(
                Stream.concat(Stream.of(quantize(model, data)), Stream.of("--out", results, "--config", config))
                        .toArray());
        assertThat(settings.code()).isEqualTo(2);
        assertThat(settings.err()).contains("DT-OUT-008", "the settings file");
        assertThat(model).hasBinaryContent(before);
    }
}
