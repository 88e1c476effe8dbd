package dev.detent.backends.generic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.spi.backend.DefaultRecipes;
import dev.detent.spi.backend.InitialState;
import dev.detent.spi.backend.NodeRule;
import dev.detent.spi.backend.QuantizationRecipe;
import dev.detent.spi.backend.Target;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.problem.UserException;
import dev.detent.testkit.SampleGraphs;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class YamlTargetTest {

    private static final Map<String, Object> FULL = Map.of(
            "target",
            "acme",
            "summary",
            "Acme NPU",
            "quantizes",
            List.of("weighted", "Relu", "Softmax"),
            "activations",
            Map.of("symmetric", false, "observer", "percentile"),
            "weights",
            Map.of("per-channel", true, "min", -127, "scale", "magnitude"),
            "bias",
            "derived",
            "operators",
            Map.of("Softmax", Map.of("output-0", Map.of("bits", 16, "symmetric", false), "input-0", "float")),
            "without",
            List.of("bias-correction"),
            "exporters",
            List.of("table", "qdq"));

    private static Target target(Map<String, Object> yaml) {
        return new YamlTarget("acme.yaml", yaml).target();
    }

    @Test
    void aDescriptionBecomesRules() {
        Target t = target(FULL);
        Graph graph = SampleGraphs.all().get("gemm-softmax");
        Node gemm = graph.node("gemm").orElseThrow();
        NodeRule rule = t.rules().rule(gemm, graph);
        assertThat(t.id()).isEqualTo("acme");
        assertThat(t.exporters()).extracting(Exporter::id).containsExactly("table", "qdq");
        assertThat(t.recipe(HOST).passes()).doesNotContainKey("bias-correction").containsKey("calibration");
        assertThat(rule.inputs().get(0).scheme().quantMax()).isEqualTo(255);
        assertThat(rule.inputs().get(0).observer()).isEqualTo("percentile");
        assertThat(rule.inputs().get(1).scheme().axis()).hasValue(0);
        assertThat(rule.inputs().get(1).scheme().quantMin()).isEqualTo(-127);
        assertThat(rule.inputs().get(2).state()).isEqualTo(InitialState.PASSIVE_INIT);
        NodeRule softmax = t.rules().rule(graph.node("softmax").orElseThrow(), graph);
        assertThat(softmax.outputs().get(0).scheme().quantMax()).isEqualTo(65535);
        assertThat(softmax.inputs().get(0).state()).isEqualTo(InitialState.FP32);
        assertThat(t.supports(graph.node("sigmoid").orElseThrow(), graph)).isFalse();
    }

    private static final DefaultRecipes HOST = new DefaultRecipes() {
        @Override
        public QuantizationRecipe integer() {
            return QuantizationRecipe.dispatchedBy("any").with("calibration").with("bias-correction");
        }

        @Override
        public QuantizationRecipe inputsOnly() {
            return integer();
        }
    };

    @Test
    void whatIsWrongIsNamed() {
        refused(Map.of("activation", Map.of()), "unknown key 'activation'");
        refused(Map.of("target", ""), "needs the key 'target'");
        refused(Map.of("activations", Map.of("bit", 8)), "unknown key 'activations.bit'");
        refused(Map.of("activations", Map.of("rounding", "up-ish")), "'activations.rounding' must be one of");
        refused(Map.of("weights", Map.of("bits", "eight")), "'weights.bits' must be a whole number, not 'eight'");
        refused(Map.of("weights", Map.of("bits", 7.5)), "'weights.bits' must be a whole number, not '7.5'");
        refused(
                Map.of("weights", Map.of("bits", Double.POSITIVE_INFINITY)),
                "'weights.bits' must be a whole number, not 'Infinity'");
        refused(Map.of("weights", Map.of("bits", 4_294_967_304L)), "weights: bits must be 2 to 32, not 2147483647");
        refused(Map.of("target", true), "'target' must be text, in quotes where it looks like something else");
        refused(Map.of("quantizes", List.of()), "'quantizes' must be at least one operator or family");
        refused(Map.of("weights", Map.of("min", 5, "max", 4)), "weights: quantMin 5 must lie below");
        refused(Map.of("bias", "none"), "'bias' must be float, derived or a scheme");
        refused(Map.of("exporters", List.of("caffe")), "'exporters' must be qdq or table");
        refused(Map.of("operators", Map.of("Add", Map.of("in-0", "float"))), "'operators.Add.in-0' must be input-0");
        refused(Map.of("outputs", "perhaps"), "'outputs' must be quantized or float");
        refused(
                Map.of("also", Map.of("weights", List.of(64))),
                "'also.weights' must be widths of 2 to 32 bits, not '64'");
    }

    /** A format of 8 bits has no other width, and weights without a scheme have none either. */
    @Test
    void otherWidthsNeedAnIntegerScheme() {
        Map<String, Object> also = Map.of("activations", List.of(16), "weights", List.of(4));
        refused(
                Map.of("activations", Map.of("format", "e4m3"), "also", also),
                "'activations.format' must be integer where 'also.activations' has widths, not 'e4m3'");
        refused(
                Map.of("weights", Map.of("format", "e5m2"), "also", also),
                "'weights.format' must be integer where 'also.weights' has widths, not 'e5m2'");
        Map<String, Object> bare = new LinkedHashMap<>(FULL);
        bare.remove("weights");
        bare.put("also", also);
        assertThatThrownBy(() -> target(bare))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("needs the key 'weights'");
    }

    private static void refused(Map<String, Object> change, String sentence) {
        Map<String, Object> yaml = new LinkedHashMap<>(FULL);
        yaml.putAll(change);
        assertThatThrownBy(() -> target(yaml))
                .isInstanceOf(UserException.class)
                .hasMessageContaining(sentence)
                .hasMessageContaining("acme.yaml");
    }
}
