package dev.detent.support.operator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.number.LinearInteger;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Output and input channel of each element, against loops over the axes that the ONNX pages name. */
class WeightLayoutTest {

    private static final Scheme SCHEME = LinearInteger.symmetric(8, -127, 127);

    @Test
    void aConvolutionInGroups() {
        // [out 4, in / groups 3, 2, 1], 2 groups: outputs 0 and 1 read inputs 0 to 2, the others 3 to 5.
        WeightLayout l = layout(conv("Conv", 2), 4, 3, 2, 1);
        assertThat(l.outputChannels()).isEqualTo(4);
        assertThat(l.inputChannels()).isEqualTo(6);
        assertThat(l.groups()).isEqualTo(2);
        int i = 0;
        for (int out = 0; out < 4; out++) {
            for (int in = 0; in < 3; in++) {
                for (int k = 0; k < 2; k++, i++) {
                    assertThat(l.output(i)).isEqualTo(out);
                    assertThat(l.input(i)).isEqualTo(out / 2 * 3 + in);
                }
            }
        }
    }

    @Test
    void aTransposedConvolutionInGroups() {
        // [in 4, out / groups 3, 2], 2 groups: inputs 0 and 1 feed outputs 0 to 2, the others 3 to 5.
        WeightLayout l = layout(conv("ConvTranspose", 2), 4, 3, 2);
        assertThat(l.outputChannels()).isEqualTo(6);
        assertThat(l.inputChannels()).isEqualTo(4);
        int i = 0;
        for (int in = 0; in < 4; in++) {
            for (int out = 0; out < 3; out++) {
                for (int k = 0; k < 2; k++, i++) {
                    assertThat(l.input(i)).isEqualTo(in);
                    assertThat(l.output(i)).isEqualTo(in / 2 * 3 + out);
                }
            }
        }
    }

    @Test
    void matricesAsTheyLie() {
        Node gemm = OperatorTableTest.node("Gemm", "x", "w");
        assertThat(outputs(layout(gemm, 2, 3))).containsExactly(0, 1, 2, 0, 1, 2);
        assertThat(inputs(layout(gemm, 2, 3))).containsExactly(0, 0, 0, 1, 1, 1);
        Node transposed = gemm.withAttribute("transB", new Attribute.IntValue(1));
        assertThat(outputs(layout(transposed, 2, 3))).containsExactly(0, 0, 0, 1, 1, 1);
        assertThat(inputs(layout(transposed, 2, 3))).containsExactly(0, 1, 2, 0, 1, 2);
        assertThat(outputs(layout(OperatorTableTest.node("MatMul", "x", "w"), 2, 3)))
                .containsExactly(0, 1, 2, 0, 1, 2);
    }

    /** A vector is contracted, every matrix of a stack has channels of its own, a stack of one is a matrix. */
    @Test
    void outputChannelsOfMatMul() {
        assertThat(axis("MatMul", 5)).isEmpty();
        assertThat(axis("MatMul", 4, 5)).hasValue(1);
        assertThat(axis("MatMul", 1, 4, 5)).hasValue(2);
        assertThat(axis("MatMul", 3, 4, 5)).isEmpty();
        assertThat(axis("MatMul", 1, 1, 4, 5)).isEmpty();
        assertThat(perOutputChannel("MatMul", 5)).isEqualTo(SCHEME);
        assertThat(perOutputChannel("MatMul", 4, 5)).isEqualTo(SCHEME.perChannel(1));
        WeightLayout stackOfOne = layout(OperatorTableTest.node("MatMul", "x", "w"), 1, 2, 3);
        assertThat(outputs(stackOfOne)).containsExactly(0, 1, 2, 0, 1, 2);
        assertThat(inputs(stackOfOne)).containsExactly(0, 0, 0, 1, 1, 1);
        assertThat(WeightLayout.of(OperatorTableTest.node("MatMul", "x", "w"), OperatorTableTest.zeros(5)))
                .isEmpty();
    }

    @Test
    void aComputedWeightHasTheUsualAxis() {
        Graph g = new Graph();
        assertThat(WeightLayout.outputAxis(OperatorTableTest.node("MatMul", "x", "w"), g))
                .hasValue(1);
        assertThat(WeightLayout.outputAxis(conv("ConvTranspose", 1), g)).hasValue(1);
    }

    private static OptionalInt axis(String opType, long... dims) {
        return WeightLayout.outputAxis(OperatorTableTest.node(opType, "x", "w"), graph(dims));
    }

    private static Scheme perOutputChannel(String opType, long... dims) {
        return WeightLayout.perOutputChannel(SCHEME, OperatorTableTest.node(opType, "x", "w"), graph(dims));
    }

    private static Graph graph(long... dims) {
        Graph g = new Graph();
        g.edit().initializer("w", OperatorTableTest.zeros(dims));
        return g;
    }

    private static WeightLayout layout(Node node, long... dims) {
        Tensor w = OperatorTableTest.zeros(dims);
        return WeightLayout.of(node, w).orElseThrow();
    }

    private static Node conv(String opType, int groups) {
        return OperatorTableTest.node(opType, "x", "w").withAttribute("group", new Attribute.IntValue(groups));
    }

    private static int[] outputs(WeightLayout l) {
        return IntStream.range(0, 6).map(l::output).toArray();
    }

    private static int[] inputs(WeightLayout l) {
        return IntStream.range(0, 6).map(l::input).toArray();
    }
}
