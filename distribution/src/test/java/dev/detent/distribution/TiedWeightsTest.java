package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.onnx.OnnxReader;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Layers that share their weights still do in the file. */
class TiedWeightsTest {

    private static final int LAYERS = 8;

    @TempDir
    Path work;

    @ParameterizedTest
    @ValueSource(strings = {"onnxruntime", "onnxruntime-dynamic", "onnxruntime-int4"})
    void areOneInTheFile(String target) throws IOException {
        GraphEditor e = CaseRun.graph(17).input(ValueInfo.of("x", ElementType.FLOAT, 1, 64));
        e.initializer("w", CaseRun.weight(1, 64, 128)).initializer("back", CaseRun.weight(2, 128, 64));
        String value = "x";
        for (int i = 0; i < LAYERS; i++) {
            e.add(Node.of("up" + i, "MatMul", List.of(value, "w"), List.of("u" + i), Map.of()));
            e.add(Node.of("relu" + i, "Relu", List.of("u" + i), List.of("r" + i), Map.of()));
            value = "y" + i;
            e.add(Node.of("down" + i, "MatMul", List.of("r" + i, "back"), List.of(value), Map.of()));
        }
        CaseRun run = CaseRun.of(work, CaseRun.output(e, value).graph(), target, 1);
        assertThat(run.outcome().nodes()).isPositive();
        assertThat(run.verified()).isEmpty();
        Path file;
        try (Stream<Path> files = Files.list(run.out())) {
            file = files.filter(f -> f.toString().endsWith(".onnx")).findFirst().orElseThrow();
        }
        assertThat(OnnxReader.read(file).initializers().values().stream().filter(t -> t.elementCount() >= 64 * 128 / 2))
                .hasSize(2);
    }
}
