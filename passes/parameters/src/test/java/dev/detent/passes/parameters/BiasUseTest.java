package dev.detent.passes.parameters;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.testkit.SampleGraphs;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What counts as a bias, and of which product. */
class BiasUseTest {

    private static GraphEditor vector() {
        return new Graph()
                .edit()
                .opset("", 13)
                .input(ValueInfo.of("x", ElementType.FLOAT, 1, 2))
                .initializer("w", Tensor.ofFloats(new long[] {2, 2}, new float[] {1, 2, 3, 4}))
                .initializer("b", Tensor.ofFloats(new long[] {2}, new float[] {5, 6}));
    }

    @Test
    void theThirdInputOfAConvolution() {
        Graph graph = SampleGraphs.all().get("conv-relu");
        assertThat(BiasUse.in(graph)).isNotEmpty().allSatisfy(b -> {
            assertThat(b.product()).isEqualTo(b.node());
            assertThat(b.input()).isEqualTo(2);
            assertThat(graph.isInitializer(b.value())).isTrue();
        });
    }

    @Test
    void whatIsAddedBehindAMatMulOnWhicheverSide() {
        for (List<String> operands : List.of(List.of("m", "b"), List.of("b", "m"))) {
            Graph graph = vector().add(Node.of("product", "MatMul", List.of("x", "w"), List.of("m"), Map.of()))
                    .add(Node.of("sum", "Add", operands, List.of("y"), Map.of()))
                    .graph();
            assertThat(BiasUse.in(graph)).singleElement().satisfies(b -> {
                assertThat(b.product().name()).isEqualTo("product");
                assertThat(b.node().name()).isEqualTo("sum");
                assertThat(b.value()).isEqualTo("b");
            });
        }
    }

    @Test
    void ofAnAddThatJoinsTwoProductsEachIsTheOthers() {
        Graph graph = vector().add(Node.of("left", "MatMul", List.of("x", "w"), List.of("l"), Map.of()))
                .add(Node.of("right", "MatMul", List.of("x", "w"), List.of("r"), Map.of()))
                .add(Node.of("sum", "Add", List.of("l", "r"), List.of("y"), Map.of()))
                .graph();
        assertThat(BiasUse.in(graph)).extracting(BiasUse::value).containsExactly("r", "l");
    }

    @Test
    void anAddBehindAnythingElseHasNone() {
        Graph graph = vector().add(Node.of("relu", "Relu", List.of("x"), List.of("m"), Map.of()))
                .add(Node.of("sum", "Add", List.of("m", "b"), List.of("y"), Map.of()))
                .graph();
        assertThat(BiasUse.in(graph)).isEmpty();
    }
}
