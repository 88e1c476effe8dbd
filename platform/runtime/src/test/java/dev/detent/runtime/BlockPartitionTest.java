package dev.detent.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Where a chain of convolutions, each with so many channels, is cut into blocks of about four. */
class BlockPartitionTest {

    private static List<Integer> depths(long... channels) {
        Graph g = new Graph();
        GraphEditor e = g.edit().opset("", 13).input(ValueInfo.of("v0", ElementType.FLOAT, 1, 3, 8, 8));
        long in = 3;
        for (int i = 0; i < channels.length; i++) {
            e.initializer(
                    "w" + i, Tensor.ofFloats(new long[] {channels[i], in, 1, 1}, new float[(int) (channels[i] * in)]));
            e.add(Node.of("conv" + i, "Conv", List.of("v" + i, "w" + i), List.of("v" + (i + 1)), Map.of()));
            e.valueInfo(ValueInfo.of("v" + (i + 1), ElementType.FLOAT, 1, channels[i], 8, 8));
            in = channels[i];
        }
        Graph graph = e.output(ValueInfo.of("v" + channels.length, ElementType.FLOAT, 1, in, 8, 8))
                .graph();
        return BlockPartition.of(graph, 4).blocks().stream().map(List::size).toList();
    }

    @Test
    void aBlockEndsBeforeALayerThatWidensAndNotBehindIt() {
        assertThat(depths(32, 32, 16, 96, 96, 24, 144, 144, 24)).containsExactly(3, 3, 3);
    }

    @Test
    void allAlikeAreCutByNumber() {
        assertThat(depths(8, 8, 8, 8, 8, 8, 8, 8)).containsExactly(4, 4);
    }

    @Test
    void aNarrowPlaceInTheFirstHalfMakesNoShallowBlock() {
        assertThat(depths(2, 4, 8, 16, 32, 32)).containsExactly(3, 3);
    }
}
