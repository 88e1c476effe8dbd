package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.Problem;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SilentTensorsTest {

    @TempDir
    Path work;

    /** It was never mentioned, and everything it holds in use was cut off at 2.55e-6. */
    @ParameterizedTest
    @CsvSource({"-1000, true", "0, false"})
    void aTensorThatIsZeroInEverySampleIsTold(float bias, boolean told) throws IOException {
        GraphEditor e = CaseRun.graph(13).input(ValueInfo.of("x", ElementType.FLOAT, 1, 4, 6, 6));
        e.initializer("w1", CaseRun.weight(1, 4, 4, 1, 1));
        e.initializer("b1", Tensor.ofFloats(new long[] {4}, bias, bias, bias, bias));
        e.initializer("w2", CaseRun.weight(2, 4, 4, 1, 1));
        e.add(Node.of("c1", "Conv", List.of("x", "w1", "b1"), List.of("c"), Map.of()));
        e.add(Node.of("r", "Relu", List.of("c"), List.of("asleep"), Map.of()));
        e.add(Node.of("c2", "Conv", List.of("asleep", "w2"), List.of("y"), Map.of()));
        CaseRun run = CaseRun.of(work, CaseRun.output(e, "y").graph(), "openvino", 1);
        assertThat(run.problems().contains("DT-QNT-022")).isEqualTo(told);
    }

    /** What a Clip lets through is known without data. */
    @Test
    void aClipThatIsZeroInEverySampleHasTheRangeOfItsBounds() throws IOException {
        GraphEditor e = CaseRun.graph(13).input(ValueInfo.of("x", ElementType.FLOAT, 1, 4, 6, 6));
        e.initializer("w1", CaseRun.weight(1, 4, 4, 1, 1));
        e.initializer("b1", Tensor.ofFloats(new long[] {4}, -1000, -1000, -1000, -1000));
        e.initializer("lo", Tensor.scalar(0)).initializer("hi", Tensor.scalar(6));
        e.initializer("w2", CaseRun.weight(2, 4, 4, 1, 1));
        e.add(Node.of("c1", "Conv", List.of("x", "w1", "b1"), List.of("c"), Map.of()));
        e.add(Node.of("r", "Clip", List.of("c", "lo", "hi"), List.of("asleep"), Map.of()));
        e.add(Node.of("c2", "Conv", List.of("asleep", "w2"), List.of("y"), Map.of()));
        CaseRun run = CaseRun.of(work, CaseRun.output(e, "y").graph(), "openvino", 1);
        assertThat(run.outcome().problems().stream()
                        .filter(p -> p.id().equals("DT-QNT-022"))
                        .map(Problem::where))
                .doesNotContain("asleep");
    }
}
