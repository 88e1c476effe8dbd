package dev.detent.passes.dispatching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.pass.Dispatcher;
import dev.detent.spi.pass.Placement;
import dev.detent.testkit.SampleGraphs;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class DispatchersTest {

    static List<Dispatcher> all() {
        return new Dispatchers().dispatchers();
    }

    private static Dispatcher dispatcher(String id) {
        return all().stream().filter(d -> d.id().equals(id)).findFirst().orElseThrow();
    }

    /** A convolution whose result is reshaped to a shape computed from its own; then a matrix product and a Softmax. */
    private static Graph shapes() {
        GraphEditor e = new Graph().edit().opset("", 13).input(ValueInfo.of("x", ElementType.FLOAT, 1, 3, 8, 8));
        e.initializer("w", Tensor.ofFloats(new long[] {4, 3, 3, 3}, new float[108]))
                .initializer("m", Tensor.ofFloats(new long[] {144, 4}, new float[576]))
                .initializer("zero", Tensor.ofLongs(new long[] {1}, 0))
                .initializer("rest", Tensor.ofLongs(new long[] {1}, -1))
                .add(Node.of("conv", "Conv", List.of("x", "w"), List.of("c"), Map.of()))
                .add(Node.of("shape", "Shape", List.of("c"), List.of("s"), Map.of()))
                .add(Node.of("gather", "Gather", List.of("s", "zero"), List.of("n"), Map.of()))
                .add(Node.of(
                        "cat", "Concat", List.of("n", "rest"), List.of("t"), Map.of("axis", new Attribute.IntValue(0))))
                .add(Node.of("reshape", "Reshape", List.of("c", "t"), List.of("r"), Map.of()))
                .add(Node.of("matmul", "MatMul", List.of("r", "m"), List.of("y"), Map.of()));
        e.valueInfo(ValueInfo.of("c", ElementType.FLOAT, 1, 4, 6, 6));
        e.valueInfo(ValueInfo.of("r", ElementType.FLOAT, 1, 144));
        e.valueInfo(ValueInfo.of("s", ElementType.INT64, 4));
        e.valueInfo(ValueInfo.of("n", ElementType.INT64, 1));
        e.valueInfo(ValueInfo.of("t", ElementType.INT64, 2));
        return e.output(ValueInfo.of("y", ElementType.FLOAT, 1, 4)).graph();
    }

    private static Map<String, Placement> sides(String dispatcher, Graph graph) {
        return new TreeMap<>(dispatcher(dispatcher).dispatch(graph, n -> !n.is("Softmax")));
    }

    @ParameterizedTest
    @MethodSource("all")
    void everyNodeHasASideAndTheGraphStays(Dispatcher dispatcher) {
        SampleGraphs.all().values().forEach(graph -> {
            int revision = graph.revision();
            Map<String, Placement> sides = dispatcher.dispatch(graph, n -> true);
            assertThat(sides).hasSameSizeAs(graph.nodes());
            assertThat(graph.nodes()).allSatisfy(n -> assertThat(sides).containsKey(n.name()));
            assertThat(dispatcher.dispatch(graph, n -> true)).isEqualTo(sides);
            assertThat(graph.revision()).isEqualTo(revision);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"activations", "perseus", "conservative", "aggressive", "pointwise"})
    void arithmeticOnShapesIsNotQuantized(String id) {
        assertThat(sides(id, shapes()))
                .containsEntry("conv", Placement.QUANTIZED)
                .containsEntry("matmul", Placement.QUANTIZED)
                .hasEntrySatisfying("gather", p -> assertThat(p).isNotEqualTo(Placement.QUANTIZED))
                .hasEntrySatisfying("cat", p -> assertThat(p).isNotEqualTo(Placement.QUANTIZED));
    }

    @Test
    void pplnnWantsAConvolutionAtBothEnds() {
        assertThat(sides("pplnn", shapes())).containsEntry("conv", Placement.FLOAT);
        assertThat(sides("pplnn", SampleGraphs.all().get("conv-relu"))).containsEntry("relu1", Placement.QUANTIZED);
    }

    @Test
    void allSupportedLooksAtNoShape() {
        assertThat(sides("all-supported", shapes())).containsEntry("gather", Placement.QUANTIZED);
    }

    @Test
    void pointwiseTakesComputingOperatorsAlone() {
        Graph residual = SampleGraphs.all().get("residual");
        assertThat(sides("pointwise", residual))
                .containsEntry("conv1", Placement.QUANTIZED)
                .containsEntry("relu1", Placement.FLOAT)
                .containsEntry("add", Placement.FLOAT);
        assertThat(sides("activations", residual)).doesNotContainValue(Placement.FLOAT);
    }

    /** No id is another's former one; PPQ's spellings are all there. */
    @Test
    void formerIdsAreUnderstood() {
        Set<String> ids = new HashSet<>();
        all().forEach(d -> {
            assertThat(ids.add(d.id())).isTrue();
            d.formerIds().forEach(f -> assertThat(ids.add(f)).isTrue());
        });
        assertThat(ids).contains("pursus", "perseus", "aggresive", "aggressive", "allin", "all-supported");
    }
}
