package dev.detent.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;

class RewritingCostTest {

    private static Graph graph(int nodes, IntFunction<String> input) {
        GraphEditor g = new Graph().edit().opset("", 17).input(ValueInfo.of("x", ElementType.FLOAT, 1));
        for (int i = 0; i < nodes; i++) {
            g.add(Node.of("n" + i, "Relu", List.of(input.apply(i)), List.of("v" + i), Map.of()));
        }
        return g.graph();
    }

    private static Graph chain(int nodes) {
        return graph(nodes, i -> i == 0 ? "x" : "v" + (i - 1));
    }

    @Test
    void manyNodesAndManyReadersOfOneValueRunAsTheyStand() {
        assertThat(RewritingCost.isAffordable(chain(20_000))).isTrue();
        assertThat(RewritingCost.isAffordable(chain(20_001))).isFalse();
        assertThat(RewritingCost.isAffordable(graph(2001, i -> i == 0 ? "x" : "v0")))
                .isTrue();
        assertThat(RewritingCost.isAffordable(graph(2002, i -> i == 0 ? "x" : "v0")))
                .isFalse();
    }

    @Test
    void nothingElseIsAskedForThanNotToRewrite() {
        Graph large = chain(20_001);
        assertThat(RewritingCost.affordable(large, OrtOptimizationLevel.ALL)).isEqualTo(OrtOptimizationLevel.ASIS);
        assertThat(RewritingCost.affordable(large, OrtOptimizationLevel.EXACT)).isEqualTo(OrtOptimizationLevel.ASIS);
        assertThat(RewritingCost.affordable(large, OrtOptimizationLevel.NONE)).isEqualTo(OrtOptimizationLevel.NONE);
        assertThat(RewritingCost.affordable(chain(3), OrtOptimizationLevel.ALL)).isEqualTo(OrtOptimizationLevel.ALL);
    }
}
