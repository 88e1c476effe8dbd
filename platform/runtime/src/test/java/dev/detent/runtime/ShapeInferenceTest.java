package dev.detent.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.graph.ValueInfo;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ShapeInferenceTest {

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private static final int NODES = 50_000;

    /** One session for all of them took 18 s of a processor. */
    @Test
    void veryManyNodesAreAskedAboutInParts() {
        GraphEditor g = new Graph()
                .edit()
                .opset("", 17)
                .input(ValueInfo.of("v0", ElementType.FLOAT, 1, 3))
                .input(new ValueInfo(
                        "late",
                        ElementType.INT64,
                        Optional.of(List.of(new ValueInfo.Dimension(-1, "n"))),
                        UnmodeledProto.NONE));
        g.initializer("shape", Tensor.ofLongs(new long[] {2}, 1, 3));
        for (int i = 0; i < NODES; i++) {
            g.add(Node.of("n" + i, "Reshape", List.of("v" + i, "shape"), List.of("v" + (i + 1)), Map.of()));
        }
        // Across all parts.
        g.add(Node.of("sum", "Add", List.of("v1", "v" + NODES), List.of("sum"), Map.of()));
        g.add(Node.of("cast", "Cast", List.of("late"), List.of("end"), Map.of("to", new Attribute.IntValue(1))));
        g.output(ValueInfo.of("v" + NODES, ElementType.FLOAT, 1, 3));
        long before = THREADS.getCurrentThreadCpuTime();
        ShapeInference.infer(g.graph(), "chain");
        assertThat(Duration.ofNanos(THREADS.getCurrentThreadCpuTime() - before)).isLessThan(Duration.ofSeconds(12));
        for (int i = 1; i < NODES; i++) {
            assertThat(g.graph()
                            .valueInfo("v" + i)
                            .flatMap(ValueInfo::staticShape)
                            .orElseThrow())
                    .containsExactly(1, 3);
        }
        assertThat(g.graph()
                        .valueInfo("end")
                        .flatMap(ValueInfo::shape)
                        .orElseThrow()
                        .get(0)
                        .symbol())
                .isEqualTo("n");
    }
}
