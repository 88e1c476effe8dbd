package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.host.record.RunDirectory;
import dev.detent.onnx.OnnxWriter;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.graph.ValueInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Shapes, axes, sizes that are inputs of a model: of those only a sample can tell what makes sense. */
class InputsThatAreNoDataTest {

    @TempDir
    Path work;

    /** x times a weight, and what comes of it. */
    private static GraphEditor model(ValueInfo second) {
        GraphEditor e = CaseRun.graph(20).input(ValueInfo.of("x", ElementType.FLOAT, 1, 8));
        e.input(second).initializer("w", CaseRun.weight(1, 8, 16));
        return e.add(Node.of("product", "MatMul", List.of("x", "w"), List.of("p"), Map.of()));
    }

    private CaseRun run(GraphEditor e, long... secondOfEverySample) throws IOException {
        Graph graph = CaseRun.output(e, "y").graph();
        Path file = work.resolve("model.onnx");
        OnnxWriter.write(graph, file);
        float[] x = new float[64];
        IntStream.range(0, 64).forEach(i -> x[i] = (float) Math.sin(i));
        String data = "x=" + InstalledDistribution.npy(work.resolve("x.npy"), "8, 8", x) + ","
                + graph.inputs().get(1).name() + "=" + longs(secondOfEverySample);
        return CaseRun.of(work, file, data, "onnxruntime");
    }

    /** Eight rows. */
    private Path longs(long... row) throws IOException {
        String shape = row.length == 0 ? "8," : "8, " + row.length;
        String header = String.format(Locale.ROOT, "{'descr': '<i8', 'fortran_order': False, 'shape': (%s), }", shape);
        ByteBuffer b = ByteBuffer.allocate(128 + 64 * row.length).order(ByteOrder.LITTLE_ENDIAN);
        b.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0}).putShort((short) 118);
        b.put(String.format(Locale.ROOT, "%-117s\n", header).getBytes(StandardCharsets.US_ASCII));
        IntStream.range(0, 8).forEach(i -> {
            for (long v : row) {
                b.putLong(v);
            }
        });
        return Files.write(work.resolve("second.npy"), b.array());
    }

    @Test
    void aShape() throws IOException {
        GraphEditor e = model(ValueInfo.of("shape", ElementType.INT64, 2));
        e.add(Node.of("reshape", "Reshape", List.of("p", "shape"), List.of("y"), Map.of()));
        CaseRun run = run(e, 4, 4);
        assertThat(run.outcome().nodes()).isPositive();
        assertThat(run.verified()).isEmpty();
        RunDirectory record = RunDirectory.read(run.out());
        assertThat(record.record().result().fingerprints()).isNotEmpty();
        assertThat(record.record().result().probe().inputs().get("shape").shape())
                .containsExactly(2);
    }

    /** With axis 0 DFT does not end (ONNX Runtime 1.28). */
    @Test
    @Timeout(60)
    void anAxis() throws IOException {
        GraphEditor e = model(ValueInfo.of("axis", ElementType.INT64, 1));
        e.initializer("four", Tensor.ofLongs(new long[] {3}, 1, 16, 1));
        e.add(Node.of("reshape", "Reshape", List.of("p", "four"), List.of("r"), Map.of()));
        e.add(Node.of("squeeze", "Squeeze", List.of("axis"), List.of("a"), Map.of()));
        e.initializer("length", Tensor.ofLongs(new long[0], 16));
        e.add(Node.of(
                "dft",
                "DFT",
                List.of("r", "length", "a"),
                List.of("y"),
                Map.of("onesided", new Attribute.IntValue(1))));
        CaseRun run = run(e, 1);
        assertThat(run.verified()).isEmpty();
        assertThat(RunDirectory.read(run.out()).record().result().fingerprints())
                .isNotEmpty();
    }

    /** Noise for verify has the first sample's shape. */
    @Test
    void anInputOfAnyLength() throws IOException {
        GraphEditor e = CaseRun.graph(17)
                .input(new ValueInfo(
                        "x",
                        ElementType.FLOAT,
                        Optional.of(List.of(
                                ValueInfo.Dimension.of(1),
                                new ValueInfo.Dimension(-1, "length"),
                                ValueInfo.Dimension.of(8))),
                        UnmodeledProto.NONE));
        e.initializer("w", CaseRun.weight(1, 8, 16));
        e.add(Node.of("product", "MatMul", List.of("x", "w"), List.of("y"), Map.of()));
        Path file = work.resolve("model.onnx");
        OnnxWriter.write(CaseRun.output(e, "y").graph(), file);
        float[] x = new float[4 * 5 * 8];
        IntStream.range(0, x.length).forEach(i -> x[i] = (float) Math.sin(i));
        CaseRun run = CaseRun.of(
                work,
                file,
                InstalledDistribution.npy(work.resolve("x.npy"), "4, 5, 8", x).toString(),
                "onnxruntime");
        assertThat(run.verified()).isEmpty();
        assertThat(RunDirectory.read(run.out()).record().result().fingerprints())
                .isNotEmpty();
    }
}
