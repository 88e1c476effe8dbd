package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.detent.onnx.OnnxReader;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** LSTM with int8 weights for ONNX Runtime, simulated and read back. */
class DynamicLstmTest {

    private static final int IN = 24;
    private static final int HIDDEN = 32;

    @TempDir
    Path work;

    @ParameterizedTest
    @CsvSource({"forward, 1", "reverse, 1", "bidirectional, 2"})
    void computesInTheFileWhatIsSimulated(String direction, int directions) throws IOException {
        GraphEditor e = CaseRun.graph(17).input(ValueInfo.of("x", ElementType.FLOAT, 6, 1, IN));
        e.initializer("W", CaseRun.weight(1, directions, 4 * HIDDEN, IN))
                .initializer("R", CaseRun.weight(2, directions, 4 * HIDDEN, HIDDEN))
                .initializer("B", CaseRun.weight(3, directions, 8 * HIDDEN));
        Map<String, Attribute> attributes = Map.of(
                "hidden_size", new Attribute.IntValue(HIDDEN), "direction", new Attribute.StringValue(direction));
        e.add(Node.of("lstm", "LSTM", List.of("x", "W", "R", "B"), List.of("y"), attributes));
        e.initializer("w", CaseRun.weight(4, HIDDEN, 16));
        e.add(Node.of("head", "MatMul", List.of("y", "w"), List.of("z"), Map.of()));
        Graph graph = CaseRun.output(e, "z").graph();
        CaseRun run = CaseRun.of(work, graph, "onnxruntime-dynamic", 1);
        assertThat(run.verified()).isEmpty();
        assertThat(run.snr("exported")).isGreaterThan(25).isCloseTo(run.snr("simulated"), within(3.0));
        Graph file = OnnxReader.read(run.out().resolve("model.dynamic.onnx"));
        Node lstm = file.node("lstm").orElseThrow();
        assertThat(lstm.opType()).isEqualTo("DynamicQuantizeLSTM");
        assertThat(List.of(lstm.input(1), lstm.input(2)))
                .allMatch(w -> file.initializer(w).orElseThrow().type() == ElementType.INT8);
    }
}
