package dev.detent.support.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.detent.spi.backend.InitialState;
import dev.detent.spi.backend.Target;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.support.number.LinearInteger;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Rules of a whole graph cost what its size says: once exponential in diamonds, and out of stack in long chains. */
class DeepGraphsTest {

    private static final Target TARGET = DeclaredTarget.of("deep", "for this test")
            .quantizes(OperatorTable.types(Trait.MOVES, "Conv Concat"))
            .moves(OperatorTable.types(Trait.MOVES))
            .activations(LinearInteger.asymmetric(8, 0, 255), "minmax")
            .floatNetworkOutputs()
            .build();

    @Test
    void aChainOfFiveThousandMoves() {
        Graph g = new Graph();
        GraphEditor e = g.edit().add(node("conv", "Conv", List.of("x", "w"), "v0"));
        for (int i = 0; i < 5000; i++) {
            e.add(node("move" + i, "Reshape", List.of("v" + i, "s"), "v" + (i + 1)));
        }
        output(e, "v5000");
        assertStaysFloat(g);
    }

    @Test
    void sixtyDiamonds() {
        Graph g = new Graph();
        GraphEditor e = g.edit().add(node("conv", "Conv", List.of("x", "w"), "v0"));
        for (int i = 0; i < 60; i++) {
            e.add(node("left" + i, "Reshape", List.of("v" + i, "s"), "l" + i))
                    .add(node("right" + i, "Reshape", List.of("v" + i, "s"), "r" + i))
                    .add(node("join" + i, "Concat", List.of("l" + i, "r" + i), "v" + (i + 1)));
        }
        output(e, "v60");
        assertStaysFloat(g);
    }

    /** A network of ten thousand outputs; each was looked for in the list of all of them. */
    @Test
    void tenThousandOutputs() {
        Graph g = new Graph();
        GraphEditor e = g.edit().add(node("conv", "Conv", List.of("x", "w"), "v0"));
        for (int i = 0; i < 10_000; i++) {
            e.add(node("move" + i, "Reshape", List.of("v0", "s"), "out" + i));
            output(e, "out" + i);
        }
        assertStaysFloat(g);
    }

    /** Everything is on its way to an output, so the convolution's result stays float. */
    private static void assertStaysFloat(Graph g) {
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            for (Node n : g.nodes()) {
                assertThat(TARGET.rules().rule(n, g).outputs().get(0).state()).isEqualTo(InitialState.FP32);
            }
        });
    }

    private static void output(GraphEditor e, String name) {
        e.output(new ValueInfo(name, ElementType.FLOAT, Optional.empty(), UnmodeledProto.NONE));
    }

    private static Node node(String name, String opType, List<String> inputs, String output) {
        return Node.of(name, opType, inputs, List.of(output), Map.of());
    }
}
