package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.onnx.OnnxWriter;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Models of more weights than Java may take, of more outputs and nodes than people have, and more files than a process
 * may map, with a heap of 512 MB. The large one needs 3 GB in the temporary folder, and as much again while it is
 * quantized, so these run only with {@code -Ddetent.large=true}.
 */
@Tag("slow")
@EnabledIfSystemProperty(named = "detent.large", matches = "true")
class LargeModelsIT {

    private static final String HEAP = "-Xmx512m";
    /** Seconds of a processor. */
    private static final double MOST = 60;

    private static final int WIDTH = 4096;
    private static final int LAYERS = 40;
    private static final int LAYER = 4 * WIDTH * WIDTH;
    /** Each layer's weights begin somewhat later in one block of noise. */
    private static final int STEP = 1 << 20;

    private static final Pattern TIME = Pattern.compile("(\\d+)m([\\d.]+)s");

    @TempDir
    Path work;

    private InstalledDistribution.Run quantize(Path model, String backend, Path data) {
        String command = "sh " + InstalledDistribution.launcher() + " quantize " + model + " --backend " + backend
                + " --calibration " + data + " --out " + work.resolve("out") + "; code=$?; times; exit $code";
        InstalledDistribution.Run run =
                InstalledDistribution.execute(Map.of("DETENT_JAVA_OPTS", HEAP), List.of("sh", "-c", command));
        System.out.printf("%s %s: %.1f s of a processor%n", model.getFileName(), backend, seconds(run));
        return run;
    }

    /** The last two of what {@code times} prints are the command's own. */
    private static double seconds(InstalledDistribution.Run run) {
        List<MatchResult> all = TIME.matcher(run.out()).results().toList();
        return all.subList(Math.max(0, all.size() - 2), all.size()).stream()
                .mapToDouble(m -> 60 * Integer.parseInt(m.group(1)) + Double.parseDouble(m.group(2)))
                .sum();
    }

    /** It took more than five minutes: ONNX Runtime's sessions, and ours, went through all outputs for each. */
    @Test
    void tenThousandOutputs() throws IOException {
        GraphEditor g = CaseRun.graph(17).input(ValueInfo.of("x", ElementType.FLOAT, 1, 4, 8, 8));
        g.initializer("w", CaseRun.weight(1, 8, 4, 1, 1));
        g.add(Node.of("first", "Conv", List.of("x", "w"), List.of("v"), Map.of()));
        for (int i = 0; i < 10_000; i++) {
            g.add(Node.of("n" + i, i % 2 == 0 ? "Relu" : "Sigmoid", List.of("v"), List.of("o" + i), Map.of()));
            CaseRun.output(g, "o" + i);
        }
        Path model = work.resolve("outputs.onnx");
        OnnxWriter.write(g.graph(), model);
        Path data = InstalledDistribution.npy(work.resolve("x.npy"), "1, 4, 8, 8", InstalledDistribution.noise(256));
        InstalledDistribution.Run run = quantize(model, "onnxruntime", data);
        assertThat(run.code()).as(run.all()).isZero();
        assertThat(seconds(run)).isLessThan(MOST);
    }

    /** ONNX Runtime rewrote it in time quadratic in its nodes, for each of some sessions: eight minutes. */
    @Test
    void fiftyThousandNodes() throws IOException {
        GraphEditor g = CaseRun.graph(17).input(ValueInfo.of("x", ElementType.FLOAT, 1, 4, 8, 8));
        g.initializer("w", CaseRun.weight(1, 8, 4, 1, 1));
        g.add(Node.of("first", "Conv", List.of("x", "w"), List.of("v0"), Map.of()));
        g.initializer("shape", Tensor.ofLongs(new long[] {4}, 1, 8, 8, 8));
        for (int i = 0; i < 50_000; i++) {
            g.add(Node.of("n" + i, "Reshape", List.of("v" + i, "shape"), List.of("v" + (i + 1)), Map.of()));
        }
        CaseRun.output(g, "v50000");
        Path model = work.resolve("nodes.onnx");
        OnnxWriter.write(g.graph(), model);
        Path data = InstalledDistribution.npy(work.resolve("x.npy"), "1, 4, 8, 8", InstalledDistribution.noise(256));
        InstalledDistribution.Run run = quantize(model, "onnxruntime", data);
        assertThat(run.code()).as(run.all()).isZero();
        assertThat(run.all()).contains("DT-EVA-017");
    }

    /** Its changed weights were all held by Java. */
    @ParameterizedTest
    @ValueSource(strings = {"onnxruntime-int4", "onnxruntime"})
    void moreWeightsThanJavaMayTake(String backend) throws IOException {
        Path model = large();
        Path data =
                InstalledDistribution.npy(work.resolve("x.npy"), "2, " + WIDTH, InstalledDistribution.noise(2 * WIDTH));
        InstalledDistribution.Run run = quantize(model, backend, data);
        assertThat(run.code()).as(run.all()).isZero();
        assertThat(work.resolve("out/report.html")).exists();
    }

    /** More than a process may have mappings, gone through more than once. */
    @Test
    void fiftyThousandFiles() throws IOException {
        GraphEditor g = CaseRun.graph(17).input(ValueInfo.of("x", ElementType.FLOAT, 1, 4, 8, 8));
        g.initializer("w", CaseRun.weight(1, 8, 4, 1, 1));
        g.add(Node.of("conv", "Conv", List.of("x", "w"), List.of("y"), Map.of()));
        CaseRun.output(g, "y");
        Path model = work.resolve("files.onnx");
        OnnxWriter.write(g.graph(), model);
        Path data = Files.createDirectory(work.resolve("data"));
        byte[] sample = Files.readAllBytes(
                InstalledDistribution.npy(work.resolve("x.npy"), "1, 4, 8, 8", InstalledDistribution.noise(256)));
        for (int i = 0; i < 50_000; i++) {
            sample[sample.length - 4] = (byte) i;
            Files.write(data.resolve(i + ".npy"), sample);
        }
        InstalledDistribution.Run run = quantize(model, "onnxruntime", data);
        assertThat(run.code()).as(run.all()).isZero();
        assertThat(run.out()).contains("50000 samples");
        assertThat(seconds(run)).isLessThan(MOST);
    }

    /** 2.7 GB in external data. */
    private Path large() throws IOException {
        Path noise = work.resolve("noise");
        Path model = work.resolve("large.onnx");
        List<ByteBuffer> layers = new ArrayList<>();
        try (FileChannel file =
                FileChannel.open(noise, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer block = ByteBuffer.allocate(STEP).order(ByteOrder.LITTLE_ENDIAN);
            Random random = new Random(1);
            for (long at = 0; at < LAYER + (long) LAYERS * STEP; at += STEP) {
                block.clear();
                while (block.hasRemaining()) {
                    block.putFloat((random.nextFloat() - 0.5f) / 18);
                }
                file.write(block.flip());
            }
            for (int i = 0; i < LAYERS; i++) {
                layers.add(file.map(FileChannel.MapMode.READ_ONLY, (long) i * STEP, LAYER));
            }
        }
        GraphEditor g = new Graph().edit().opset("", 17).input(ValueInfo.of("x", ElementType.FLOAT, 1, WIDTH));
        String value = "x";
        for (int i = 0; i < LAYERS; i++) {
            g.initializer("w" + i, Tensor.of(ElementType.FLOAT, new long[] {WIDTH, WIDTH}, layers.get(i)));
            g.add(Node.of("product" + i, "MatMul", List.of(value, "w" + i), List.of("p" + i), Map.of()));
            g.add(Node.of("relu" + i, "Relu", List.of("p" + i), List.of("r" + i), Map.of()));
            value = "r" + i;
        }
        g.output(ValueInfo.of(value, ElementType.FLOAT, 1, WIDTH));
        OnnxWriter.write(g.graph(), model);
        Files.delete(noise);
        return model;
    }
}
