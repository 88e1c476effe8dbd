package dev.detent.passes.equalization;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LayerPairsTest {

    private final Graph graph = graph();

    private static Graph graph() {
        Graph g = new Graph();
        g.edit()
                .opset("", 13)
                .input(ValueInfo.of("x", ElementType.FLOAT, new long[] {1, 1, 4, 4}))
                .initializer("u", Tensor.ofFloats(new long[] {2, 1, 1, 1}, new float[] {1, -4}))
                .initializer("b", Tensor.ofFloats(new long[] {2}, new float[] {3, 5}))
                .initializer("d", Tensor.ofFloats(new long[] {1, 2, 1, 1}, new float[] {8, .5f}))
                .add(Node.of("up", "Conv", List.of("x", "u", "b"), List.of("a"), Map.of()))
                .add(Node.of("clip", "Clip", List.of("a"), List.of("c"), Map.of()))
                .add(Node.of("down", "Conv", List.of("c", "d"), List.of("y"), Map.of()))
                .output(ValueInfo.of("y", ElementType.FLOAT, new long[] {1, 1, 4, 4}));
        return g;
    }

    private float[] values(String initializer) {
        return graph.initializer(initializer).orElseThrow().floats();
    }

    @Test
    void aRelayLetsLayersBePairedAndIsNamed() {
        assertThat(new LayerPairs(graph, n -> n.is("Relu")).pairs()).isEmpty();
        LayerPairs.Pair pair = new LayerPairs(graph, n -> n.is("Clip")).pairs().get(0);
        assertThat(pair.up()).extracting(Node::name).containsExactly("up");
        assertThat(pair.between()).extracting(Node::name).containsExactly("clip");
        assertThat(pair.down()).extracting(Node::name).containsExactly("down");
    }

    @Test
    void whatIsScaledIsUndoneBehindTheRelay() {
        LayerPairs layers = new LayerPairs(graph, n -> n.is("Clip"));
        LayerPairs.Pair pair = layers.pairs().get(0);
        assertThat(layers.up(pair)).containsExactly(1, 4);
        assertThat(layers.down(pair)).containsExactly(8, .5f);
        layers.scale(pair, new float[] {2, .25f}, graph.edit());
        assertThat(values("u")).containsExactly(2, -1);
        assertThat(values("b")).containsExactly(6, 1.25f);
        assertThat(values("d")).containsExactly(new float[] {4, 2}, within(1e-6f));
    }

    @Test
    void layersWithOtherNumbersOfChannelsAreNoPair() {
        Graph g = new Graph();
        g.edit()
                .opset("", 13)
                .input(ValueInfo.of("x", ElementType.FLOAT, new long[] {1, 1, 4, 4}))
                .initializer("one", Tensor.ofFloats(new long[] {1, 1, 1, 1}, new float[] {2}))
                .initializer("u", Tensor.ofFloats(new long[] {2, 1, 1, 1}, new float[] {1, -4}))
                .initializer("d", Tensor.ofFloats(new long[] {1, 2, 1, 1}, new float[] {8, .5f}))
                .initializer("e", Tensor.ofFloats(new long[] {1, 1, 1, 1}, new float[] {3}))
                .add(Node.of("single", "Conv", List.of("x", "one"), List.of("s"), Map.of()))
                .add(Node.of("up", "Conv", List.of("x", "u"), List.of("a"), Map.of()))
                .add(Node.of("sum", "Add", List.of("a", "s"), List.of("t"), Map.of()))
                .add(Node.of("down", "Conv", List.of("t", "d"), List.of("y"), Map.of()))
                .add(Node.of("other", "Conv", List.of("s", "e"), List.of("z"), Map.of()))
                .output(ValueInfo.of("y", ElementType.FLOAT, new long[] {1, 1, 4, 4}))
                .output(ValueInfo.of("z", ElementType.FLOAT, new long[] {1, 1, 4, 4}));
        assertThat(new LayerPairs(g, n -> n.is("Add")).pairs()).isEmpty();
    }
}
