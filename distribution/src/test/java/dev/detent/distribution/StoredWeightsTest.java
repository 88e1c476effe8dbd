package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Operators that compute in float, with int8 weights in the file. */
class StoredWeightsTest {

    private static final int IN = 48;
    private static final int HIDDEN = 64;

    @TempDir
    Path work;

    @ParameterizedTest
    @CsvSource({
        "LSTM, 4, forward, 1, onnxruntime",
        "GRU, 3, bidirectional, 2, onnxruntime",
        "RNN, 1, reverse, 1, onnxruntime",
        "GRU, 3, forward, 1, onnxruntime-dynamic",
        "RNN, 1, bidirectional, 2, onnxruntime-dynamic",
        "LSTM, 4, bidirectional, 2, onnxruntime-int8w",
        "GRU, 3, forward, 1, onnxruntime-int4"
    })
    void recurrent(String type, int gates, String direction, int directions, String target) throws IOException {
        GraphEditor e = CaseRun.graph(17).input(ValueInfo.of("x", ElementType.FLOAT, 6, 1, IN));
        e.initializer("W", CaseRun.weight(1, directions, gates * HIDDEN, IN))
                .initializer("R", CaseRun.weight(2, directions, gates * HIDDEN, HIDDEN))
                .initializer("B", CaseRun.weight(3, directions, 2 * gates * HIDDEN));
        Map<String, Attribute> attributes = Map.of(
                "hidden_size", new Attribute.IntValue(HIDDEN), "direction", new Attribute.StringValue(direction));
        e.add(Node.of("cell", type, List.of("x", "W", "R", "B"), List.of("y"), attributes));
        isSmallAndExact(e, target);
    }

    @ParameterizedTest
    @CsvSource({
        "Conv, onnxruntime-dynamic",
        "Conv, onnxruntime-int8w",
        "ConvTranspose, onnxruntime-int4",
        "ConvTranspose, onnxruntime-dynamic"
    })
    void convolution(String type, String target) throws IOException {
        GraphEditor e = CaseRun.graph(17).input(ValueInfo.of("x", ElementType.FLOAT, 1, 32, 8, 8));
        e.initializer("w", CaseRun.weight(1, 32, 32, 3, 3)).initializer("b", CaseRun.weight(2, 32));
        e.add(Node.of("conv", type, List.of("x", "w", "b"), List.of("y"), Map.of()));
        isSmallAndExact(e, target);
    }

    /** Three quarters of the weights' bytes are gone; ONNX Runtime computes what is simulated. */
    private void isSmallAndExact(GraphEditor e, String target) throws IOException {
        CaseRun run = CaseRun.of(work, CaseRun.output(e, "y").graph(), target, 1);
        assertThat(run.verified()).isEmpty();
        assertThat(run.outcome().nodes()).isEqualTo(1);
        assertThat(run.snr("simulated")).isBetween(35.0, 80.0);
        assertThat(run.snr("exported")).isCloseTo(run.snr("simulated"), within(0.1));
        try (var files = Files.list(run.out())) {
            Path file = files.filter(f -> f.toString().endsWith(".onnx"))
                    .findFirst()
                    .orElseThrow();
            assertThat(3 * Files.size(file)).isLessThan(Files.size(work.resolve("model.onnx")));
        }
    }
}
