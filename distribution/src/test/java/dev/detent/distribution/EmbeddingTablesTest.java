package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.detent.onnx.OnnxReader;
import dev.detent.onnx.OnnxWriter;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tables whose rows a Gather takes are codes in the files for ONNX Runtime, once for all who have the same matrix. */
class EmbeddingTablesTest {

    private static final int ROWS = 500;
    private static final int COLUMNS = 64;
    private static final int TOKENS = 16;

    @TempDir
    Path work;

    private static GraphEditor embedded() {
        GraphEditor e = CaseRun.graph(17).input(ValueInfo.of("ids", ElementType.INT64, 1, TOKENS));
        e.initializer("table", CaseRun.weight(1, ROWS, COLUMNS)).initializer("w", CaseRun.weight(2, COLUMNS, COLUMNS));
        e.add(Node.of("embed", "Gather", List.of("table", "ids"), List.of("e"), Map.of()));
        e.add(Node.of("mix", "MatMul", List.of("e", "w"), List.of("m"), Map.of()));
        return e.add(Node.of("tanh", "Tanh", List.of("m"), List.of("t"), Map.of()));
    }

    private CaseRun run(Graph graph, String target) throws IOException {
        Path model = work.resolve("model.onnx");
        OnnxWriter.write(graph, model);
        ByteBuffer ids = ByteBuffer.allocate(8 * TOKENS * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        new Random(3).ints(8L * TOKENS, 0, ROWS).forEach(id -> ids.putLong(id));
        Path data = Files.write(work.resolve("ids.bin"), ids.array());
        CaseRun run = CaseRun.of(work, model, "ids=" + data, target);
        assertThat(run.verified()).isEmpty();
        // 'exact' where this machine's integer sums overflow; products round once where the simulation rounds twice.
        String row = run.outcome().scores().containsKey("exact") ? "exact" : "exported";
        assertThat(run.snr(row)).isCloseTo(run.snr("simulated"), within(1.0));
        return run;
    }

    private static Graph file(CaseRun run) throws IOException {
        try (Stream<Path> files = Files.list(run.out())) {
            return OnnxReader.read(files.filter(f -> f.toString().endsWith(".onnx"))
                    .findFirst()
                    .orElseThrow());
        }
    }

    /** Rows are taken as codes: nothing decodes a whole table. */
    private static List<ElementType> tables(Graph file) {
        return file.nodes().stream()
                .filter(n -> n.opType().startsWith("Gather"))
                .flatMap(n -> file.initializer(n.input(0)).stream())
                .filter(t -> t.elementCount() > ROWS)
                .map(t -> t.type())
                .toList();
    }

    @ParameterizedTest
    @CsvSource({
        "onnxruntime, INT8",
        "onnxruntime-vnni, INT8",
        "onnxruntime-arm64, INT8",
        "onnxruntime-dynamic, INT8",
        "onnxruntime-int4, UINT8",
        "onnxruntime-int8w, UINT8"
    })
    void areCodes(String target, ElementType type) throws IOException {
        CaseRun run = run(CaseRun.output(embedded(), "t").graph(), target);
        Graph file = file(run);
        assertThat(tables(file)).containsExactly(type);
        assertThat(file.initializers().values().stream().filter(t -> t.type() == ElementType.FLOAT))
                .allMatch(t -> t.elementCount() < ROWS * COLUMNS / 8);
    }

    /** The last product's matrix is the table, once as Gemm has it and once turned round. */
    @ParameterizedTest
    @CsvSource({
        "onnxruntime, true",
        "onnxruntime, false",
        "onnxruntime-vnni, true",
        "onnxruntime-vnni, false",
        "onnxruntime-dynamic, true",
        "onnxruntime-dynamic, false",
        "onnxruntime-int4, true",
        "onnxruntime-int8w, false"
    })
    void areOneWithTheLastProduct(String target, boolean gemm) throws IOException {
        GraphEditor e = embedded();
        if (gemm) {
            e.initializer("flat_shape", Tensor.ofLongs(new long[] {2}, TOKENS, COLUMNS));
            e.add(Node.of("flatten", "Reshape", List.of("t", "flat_shape"), List.of("flat"), Map.of()));
            e.add(Node.of(
                    "head",
                    "Gemm",
                    List.of("flat", "table"),
                    List.of("y"),
                    Map.of("transB", new Attribute.IntValue(1))));
        } else {
            Map<String, Attribute> perm = Map.of("perm", new Attribute.Ints(List.of(1L, 0L)));
            e.add(Node.of("turn", "Transpose", List.of("table"), List.of("turned"), perm));
            e.add(Node.of("head", "MatMul", List.of("t", "turned"), List.of("y"), Map.of()));
        }
        Graph file = file(run(CaseRun.output(e, "y").graph(), target));
        int bits = target.equals("onnxruntime-int4") ? 4 : 8;
        assertThat(file.initializers().values().stream()
                        .filter(t -> t.bytes().remaining() >= ROWS * COLUMNS * bits / 8))
                .hasSize(1);
    }
}
