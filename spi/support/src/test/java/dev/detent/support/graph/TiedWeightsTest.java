package dev.detent.support.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.UnmodeledProto;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TiedWeightsTest {

    /** Four constants in pairs that look alike; the texts of the last pair are known to the file only. */
    private static Graph graph() {
        GraphEditor g = new Graph().edit();
        for (String i : List.of("0", "1")) {
            g.initializer("bias" + i, Tensor.ofFloats(new long[] {2}, 1, 2));
            g.initializer("shape" + i, Tensor.ofLongs(new long[] {2}, 1, 8));
            g.initializer("text" + i, Tensor.opaque(ElementType.STRING, new long[] {2}, new UnmodeledProto(new byte[] {
                i.equals("0") ? (byte) 7 : 9
            })));
            g.add(Node.of("n" + i, "Custom", List.of("bias" + i, "shape" + i, "text" + i), List.of("y" + i), Map.of()));
        }
        return g.graph();
    }

    @Test
    void inAFileSizesAreOneAndSmallWeightsKeepTheirNames() {
        assertThat(TiedWeights.join(graph()).initializers())
                .containsOnlyKeys("bias0", "shape0", "text0", "bias1", "text1");
    }

    @Test
    void forARunWhateverIsAlikeIsOne() {
        Graph graph = graph();
        assertThat(TiedWeights.joined(graph).initializers()).containsOnlyKeys("bias0", "shape0", "text0", "text1");
        assertThat(graph.initializers()).as("the graph itself stays").hasSize(6);
    }
}
