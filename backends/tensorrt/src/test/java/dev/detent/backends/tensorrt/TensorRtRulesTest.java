package dev.detent.backends.tensorrt;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.backend.InitialState;
import dev.detent.spi.backend.NodeRule;
import dev.detent.spi.backend.Target;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.testkit.ContractViolation;
import dev.detent.testkit.RulesContract;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TensorRtRulesTest {

    static List<Target> targets() {
        return new TensorRt().targets();
    }

    private static Target target(String id) {
        return targets().stream().filter(t -> t.id().equals(id)).findFirst().orElseThrow();
    }

    private static GraphEditor image(int channels) {
        return new Graph().edit().opset("", 17).input(ValueInfo.of("x", ElementType.FLOAT, 1, channels, 8, 8));
    }

    private static void conv(GraphEditor e, String name, String in, String out, int from, int to) {
        e.initializer(name + ".w", Tensor.ofFloats(new long[] {to, from, 3, 3}, new float[to * from * 9]))
                .initializer(name + ".b", Tensor.ofFloats(new long[] {to}, new float[to]))
                .add(Node.of(name, "Conv", List.of(in, name + ".w", name + ".b"), List.of(out), Map.of()));
    }

    private static Node node(Graph g, String name) {
        return g.node(name).orElseThrow();
    }

    @ParameterizedTest
    @MethodSource("targets")
    void rulesKeepTheContract(Target target) {
        assertThat(RulesContract.check(target, Set.of("minmax", "mse")))
                .isNotEmpty()
                .allMatch(ContractViolation::passed);
    }

    /** Explicit quantization: a pair at the input, the weights per output channel; bias and output stay float. */
    @Test
    void aConvolutionIsQuantizedAtItsInputs() {
        GraphEditor e = image(32);
        conv(e, "c", "x", "y", 32, 32);
        Graph g = e.output(ValueInfo.of("y", ElementType.FLOAT, 1, 32, 6, 6)).graph();
        NodeRule rule = target("tensorrt").rules().rule(node(g, "c"), g);
        assertThat(rule.inputs().get(0).scheme()).hasToString("linear 8 bit [-128, 127] symmetric per tensor");
        assertThat(rule.inputs().get(1).scheme().axis()).hasValue(0);
        assertThat(rule.inputs().get(2).state()).isEqualTo(InitialState.FP32);
        assertThat(rule.outputs().get(0).state()).isEqualTo(InitialState.FP32);
    }

    /** As NVIDIA's modelopt: no INT8 kernel is worth it for a few channels inside the network. */
    @Test
    void thinConvolutionsStayFloat() {
        GraphEditor e = image(32);
        conv(e, "wide", "x", "a", 32, 32);
        conv(e, "thin", "a", "b", 32, 3);
        conv(e, "thinner", "b", "y", 3, 3);
        Graph g = e.output(ValueInfo.of("y", ElementType.FLOAT, 1, 3, 2, 2)).graph();
        assertThat(List.of("wide", "thin", "thinner"))
                .filteredOn(n -> target("tensorrt").supports(node(g, n), g))
                .doesNotContain("thinner")
                .contains("wide");
        assertThat(target("tensorrt-fp8").supports(node(g, "thin"), g)).isFalse();
    }

    /** A residual Add gets a pair on the branch that is not fused into the convolution in front. */
    @Test
    void aResidualAddIsQuantizedOnOneSide() {
        GraphEditor e = image(32);
        conv(e, "c1", "x", "a", 32, 32);
        e.add(Node.of("r", "Relu", List.of("a"), List.of("b"), Map.of()));
        Map<String, Attribute> same = Map.of("pads", new Attribute.Ints(List.of(1L, 1L, 1L, 1L)));
        e.initializer("w2", Tensor.ofFloats(new long[] {32, 32, 3, 3}, new float[32 * 32 * 9]))
                .add(Node.of("c2", "Conv", List.of("b", "w2"), List.of("c"), same))
                .add(Node.of("add", "Add", List.of("c", "b"), List.of("d"), Map.of()))
                .add(Node.of("relu", "Relu", List.of("d"), List.of("y"), Map.of()));
        for (String v : List.of("a", "b", "c", "d")) {
            e.valueInfo(ValueInfo.of(v, ElementType.FLOAT, 1, 32, 6, 6));
        }
        Graph g = e.output(ValueInfo.of("y", ElementType.FLOAT, 1, 32, 6, 6)).graph();
        assertThat(target("tensorrt").supports(node(g, "add"), g)).isTrue();
        NodeRule rule = target("tensorrt").rules().rule(node(g, "add"), g);
        assertThat(rule.inputs().get(0).state()).isEqualTo(InitialState.FP32);
        assertThat(rule.inputs().get(1).state()).isEqualTo(InitialState.INITIAL);
    }
}
