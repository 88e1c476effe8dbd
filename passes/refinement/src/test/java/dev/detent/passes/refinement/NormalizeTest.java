package dev.detent.passes.refinement;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The forms that integer kernels compute, with the same results. */
class NormalizeTest {

    private static GraphEditor vector(long... shape) {
        return new Graph()
                .edit()
                .opset("", 13)
                .input(ValueInfo.of("x", ElementType.FLOAT, shape))
                .initializer("w", Tensor.ofFloats(new long[] {2, 2}, new float[] {1, 2, 3, 4}))
                .initializer("b", Tensor.ofFloats(new long[] {1}, new float[] {5}));
    }

    private static Node gemm(Graph g) {
        return g.node("gemm").orElseThrow();
    }

    private static float[] values(Graph g, String name) {
        return g.initializer(name).orElseThrow().floats();
    }

    private static Graph normalizedGemm(List<String> inputs, Map<String, Attribute> attributes) {
        GraphEditor edit = vector(1, 2).add(Node.of("gemm", "Gemm", inputs, List.of("y"), attributes));
        NormalizeGemm.apply(edit, gemm(edit.graph()));
        return edit.graph();
    }

    @Test
    void aGemmsFactorsGoIntoItsConstants() {
        Graph g = normalizedGemm(
                List.of("x", "w", "b"),
                Map.of("alpha", new Attribute.FloatValue(2), "beta", new Attribute.FloatValue(3)));
        assertThat(gemm(g).attributes()).doesNotContainKeys("alpha", "beta");
        assertThat(values(g, gemm(g).input(1))).containsExactly(2, 4, 6, 8);
        assertThat(values(g, gemm(g).input(2))).as("one value per channel").containsExactly(15, 15);
        assertThat(g.isInitializer("w")).as("nobody reads it any more").isFalse();
    }

    @Test
    void aPlainGemmStaysAsItIs() {
        GraphEditor edit = vector(1, 2)
                .initializer("row", Tensor.ofFloats(new long[] {2}, new float[] {5, 6}))
                .add(Node.of("gemm", "Gemm", List.of("x", "w", "row"), List.of("y"), Map.of()));
        Node before = gemm(edit.graph());
        NormalizeGemm.apply(edit, before);
        assertThat(gemm(edit.graph())).isEqualTo(before);
    }

    /** A bias that the network computes has no values to multiply. */
    @Test
    void betaStaysWhereTheBiasIsNoConstant() {
        Graph g = normalizedGemm(List.of("x", "w", "x"), Map.of("beta", new Attribute.FloatValue(3)));
        assertThat(gemm(g).attributes()).containsKey("beta");
    }

    @Test
    void aStackOfOneMatrixBecomesTheMatrix() {
        GraphEditor edit = vector(1, 4, 2)
                .initializer("s", Tensor.ofFloats(new long[] {1, 2, 2}, new float[] {1, 2, 3, 4}))
                .add(Node.of("product", "MatMul", List.of("x", "s"), List.of("y"), Map.of()));
        NormalizeMatMul.apply(edit, edit.graph().node("product").orElseThrow());
        String weight = edit.graph().node("product").orElseThrow().input(1);
        assertThat(edit.graph().initializer(weight).orElseThrow().dims()).containsExactly(2, 2);
        assertThat(values(edit.graph(), weight)).containsExactly(1, 2, 3, 4);
    }

    /** The output would lose its first dimension. */
    @Test
    void aStackInFrontOfAMatrixStays() {
        GraphEditor edit = vector(4, 2)
                .initializer("s", Tensor.ofFloats(new long[] {1, 2, 2}, new float[] {1, 2, 3, 4}))
                .add(Node.of("product", "MatMul", List.of("x", "s"), List.of("y"), Map.of()));
        NormalizeMatMul.apply(edit, edit.graph().node("product").orElseThrow());
        assertThat(edit.graph().node("product").orElseThrow().input(1)).isEqualTo("s");
    }

    @Test
    void aStackOfSeveralMatricesStays() {
        GraphEditor edit = vector(2, 4, 2)
                .initializer("s", Tensor.ofFloats(new long[] {2, 2, 2}, new float[8]))
                .add(Node.of("product", "MatMul", List.of("x", "s"), List.of("y"), Map.of()));
        NormalizeMatMul.apply(edit, edit.graph().node("product").orElseThrow());
        assertThat(edit.graph().node("product").orElseThrow().input(1)).isEqualTo("s");
    }
}
