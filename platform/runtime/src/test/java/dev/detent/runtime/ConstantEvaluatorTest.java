package dev.detent.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ConstantEvaluatorTest {

    /** A thousand calls of the recursion there was were more than the reader thread's stack. */
    @Test
    void aLongChain() {
        Graph g = graph();
        GraphEditor e = g.edit().initializer("v0", Tensor.ofFloats(new long[] {2}, new float[] {1, 2}));
        for (int i = 0; i < 3000; i++) {
            e.add(Node.of("n" + i, "Identity", List.of("v" + i), List.of("v" + (i + 1)), Map.of()));
        }
        assertThat(ConstantEvaluator.evaluate(g, "v3000").orElseThrow().floats())
                .containsExactly(1, 2);
    }

    /** 2^60 ways from the end to an input, of which the walk that forgot what it found took every one. */
    @Test
    void diamondsThatDependOnAnInput() {
        Graph g = graph();
        GraphEditor e = g.edit().input(ValueInfo.of("v0", ElementType.FLOAT, new long[] {2}));
        for (int i = 0; i < 60; i++) {
            e.initializer("c" + i, Tensor.scalar(1));
            e.add(Node.of("a" + i, "Add", List.of("c" + i, "v" + i), List.of("a" + i), Map.of()));
            e.add(Node.of("b" + i, "Add", List.of("a" + i, "v" + i), List.of("v" + (i + 1)), Map.of()));
        }
        assertTimeoutPreemptively(
                Duration.ofSeconds(20),
                () -> assertThat(ConstantEvaluator.evaluate(g, "v60")).isEmpty());
    }

    @Test
    void whatIsRandomIsNoConstant() {
        Graph g = graph();
        g.edit()
                .initializer("v", Tensor.ofFloats(new long[] {2}, new float[] {1, 2}))
                .add(Node.of("r", "RandomNormalLike", List.of("v"), List.of("w"), Map.of()));
        assertThat(ConstantEvaluator.evaluate(g, "w")).isEmpty();
        assertThat(ConstantEvaluator.evaluate(g, "v")).isPresent();
    }

    private static Graph graph() {
        Graph g = new Graph();
        g.edit().opset("", 13);
        return g;
    }

    /** Eight thousand million bytes were taken, and then a capacity was negative. */
    @Test
    void aConstantThatNoMachineHoldsIsTold() {
        Graph graph = new Graph()
                .edit()
                .opset("", 13)
                .initializer("dims", Tensor.ofLongs(new long[] {1}, 2_000_000_000L))
                .add(Node.of("fill", "ConstantOfShape", List.of("dims"), List.of("huge"), Map.of()))
                .graph();
        assertThatThrownBy(() -> ConstantEvaluator.evaluate(graph, "huge"))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("huge: is made from constants and would have the shape [2000000000]");
    }
}
