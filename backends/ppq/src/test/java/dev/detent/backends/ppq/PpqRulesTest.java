package dev.detent.backends.ppq;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.backend.InitialState;
import dev.detent.spi.backend.NodeRule;
import dev.detent.spi.backend.Target;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.quant.Rounding;
import dev.detent.testkit.RulesContract;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PpqRulesTest {

    private static Target target(String platform) {
        return new Ppq()
                .targets().stream()
                        .filter(t -> t.id().equals("ppq:" + platform))
                        .findFirst()
                        .orElseThrow();
    }

    private static Graph graph(Node node, long... weightDims) {
        Graph g = new Graph();
        g.edit()
                .initializer("w", Tensor.ofFloats(weightDims, new float[(int) Tensor.count(weightDims)]))
                .initializer("b", Tensor.ofFloats(new long[] {4}, new float[4]))
                .add(node);
        return g;
    }

    private static NodeRule rule(
            String platform, String opType, Map<String, Attribute> attributes, long... weightDims) {
        Node n = Node.of("n", opType, List.of("x", "w", "b"), List.of("y"), attributes);
        return target(platform).rules().rule(n, graph(n, weightDims));
    }

    @Test
    void thereAreEighteen() {
        assertThat(new Ppq().targets()).hasSize(18);
    }

    @Test
    void everyRuleSetKeepsTheContract() {
        for (Target t : new Ppq().targets()) {
            assertThat(RulesContract.check(t, Set.of("minmax", "percentile")))
                    .allMatch(c -> c.passed(), "passes the contract");
        }
    }

    @Test
    void convTransposeWeightsAreScaledPerOutputChannel() {
        assertThat(rule("TRT_INT8", "ConvTranspose", Map.of(), 3, 4, 2, 2)
                        .inputs()
                        .get(1)
                        .scheme()
                        .axis())
                .hasValue(1);
        assertThat(rule("TRT_INT8", "Conv", Map.of(), 4, 3, 2, 2)
                        .inputs()
                        .get(1)
                        .scheme()
                        .axis())
                .hasValue(0);
    }

    @Test
    void gemmWeightsAreScaledPerOutputChannel() {
        assertThat(rule("PPL_CUDA_INT8", "Gemm", Map.of(), 3, 4)
                        .inputs()
                        .get(1)
                        .scheme()
                        .axis())
                .hasValue(1);
        assertThat(rule("PPL_CUDA_INT8", "Gemm", Map.of("transB", new Attribute.IntValue(1)), 4, 3)
                        .inputs()
                        .get(1)
                        .scheme()
                        .axis())
                .hasValue(0);
    }

    @Test
    void biasStatesFollowThePlatform() {
        for (String p : List.of(
                "TRT_INT8",
                "OPENVINO_INT8",
                "PPL_CUDA_INT8",
                "PPL_DSP_INT8",
                "NXP_INT8",
                "FPGA_INT8",
                "ORT_OOS_INT8",
                "METAX_INT8_C",
                "EXTENSION",
                "TENGINE_INT8",
                "ACADEMIC_INT8")) {
            assertThat(rule(p, "Conv", Map.of(), 4, 3, 3, 3).inputs().get(2).state())
                    .as(p)
                    .isEqualTo(InitialState.PASSIVE_INIT);
        }
        for (String p : List.of("NCNN_INT8", "PPL_DSP_TI_INT8", "METAX_INT8_T")) {
            assertThat(rule(p, "Conv", Map.of(), 4, 3, 3, 3).inputs().get(2).state())
                    .as(p)
                    .isEqualTo(InitialState.FP32);
        }
    }

    @Test
    void ncnnGivesWinogradConvolutionsSixBits() {
        assertThat(rule("NCNN_INT8", "Conv", Map.of(), 4, 3, 3, 3)
                        .inputs()
                        .get(1)
                        .scheme()
                        .quantMax())
                .isEqualTo(31);
        assertThat(rule("NCNN_INT8", "Conv", Map.of(), 4, 3, 5, 5)
                        .inputs()
                        .get(1)
                        .scheme()
                        .quantMax())
                .isEqualTo(127);
        assertThat(rule("NCNN_INT8", "Conv", Map.of("strides", new Attribute.Ints(List.of(2L, 2L))), 4, 3, 3, 3)
                        .inputs()
                        .get(1)
                        .scheme()
                        .bits())
                .isEqualTo(8);
        assertThat(rule("NCNN_INT8", "Conv", Map.of(), 4, 3, 3, 3)
                        .inputs()
                        .get(0)
                        .scheme()
                        .rounding())
                .isEqualTo(Rounding.HALF_AWAY_FROM_ZERO);
    }

    @Test
    void outputsOfComputingOperatorsStayFloatWherePpqSaysSo() {
        for (String p : List.of("NCNN_INT8", "ACADEMIC_INT4")) {
            assertThat(rule(p, "Conv", Map.of(), 4, 3, 3, 3).outputs().get(0).state())
                    .isEqualTo(InitialState.FP32);
        }
        assertThat(rule("TRT_INT8", "Conv", Map.of(), 4, 3, 3, 3)
                        .outputs()
                        .get(0)
                        .state())
                .isEqualTo(InitialState.INITIAL);
    }
}
