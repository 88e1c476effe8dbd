package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.host.normalize.GraphNormalizer;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.plan.TargetPlan;
import dev.detent.host.plugin.Registry;
import dev.detent.host.progress.Progress;
import dev.detent.host.settings.Settings;
import dev.detent.passes.calibration.Calibration;
import dev.detent.passes.dispatching.Dispatchers;
import dev.detent.spi.backend.Backend;
import dev.detent.spi.backend.DefaultRecipes;
import dev.detent.spi.backend.InitialState;
import dev.detent.spi.backend.NodeRule;
import dev.detent.spi.backend.QuantizationRecipe;
import dev.detent.spi.backend.Rules;
import dev.detent.spi.backend.Target;
import dev.detent.spi.backend.TensorRule;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.Pass;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.pass.PassProvider;
import dev.detent.spi.pass.PassRequirement;
import dev.detent.spi.problem.PluginException;
import dev.detent.spi.quant.QuantizationState;
import dev.detent.spi.quant.StateControl;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.quant.Transition;
import dev.detent.spi.run.Simulator.Trial;
import dev.detent.support.number.LinearInteger;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the pipeline lets a vendor's pass do to configs and graph, and whom it blames. */
class PassEnvelopeTest {

    private static final TensorRule RULE =
            new TensorRule(LinearInteger.symmetric(8, -128, 127), "minmax", InitialState.INITIAL);

    /** A plugin with one target and one pass. */
    private record Vendor(Pass pass) implements Backend, PassProvider {
        @Override
        public List<Target> targets() {
            return List.of(new Target() {
                @Override
                public String id() {
                    return "chip";
                }

                @Override
                public String summary() {
                    return "a chip";
                }

                @Override
                public Rules rules() {
                    return (n, g) -> NodeRule.uniform(n, RULE).output(0, RULE.with(InitialState.DEACTIVATED));
                }

                @Override
                public boolean supports(Node node, Graph graph) {
                    return true;
                }

                @Override
                public QuantizationRecipe recipe(DefaultRecipes host) {
                    return QuantizationRecipe.dispatchedBy("all-supported")
                            .with("parameter-quantization")
                            .with("calibration")
                            .with("vendor");
                }
            });
        }

        @Override
        public List<PassDefinition> passes() {
            return List.of(new PassDefinition(
                    PassDescriptor.of("vendor", "a vendor's pass")
                            .requires(Fact.PARAMETERS_CALIBRATED, Fact.ACTIVATIONS_CALIBRATED)
                            .asks(Transition.BAKE, Transition.SUSPEND)
                            .needs(PassRequirement.SAMPLES)
                            .build(),
                    pass));
        }
    }

    private static Pipeline.Result run(Pass pass) {
        Registry registry = Registry.of(
                Map.of("vendor 1", List.of(new Vendor(pass)), "all 1", List.of(new Dispatchers(), new Calibration())));
        GraphEditor e = new Graph().edit().opset("", 13).input(ValueInfo.of("x", ElementType.FLOAT, 1, 4));
        for (int i = 0; i < 2; i++) {
            e.initializer("w" + i, Tensor.ofFloats(new long[] {4, 4}, weights(i)));
            e.add(Node.of(
                    "n" + i, "MatMul", List.of(i == 0 ? "x" : "v0", "w" + i), List.of(i == 0 ? "v0" : "y"), Map.of()));
        }
        Graph graph = e.output(ValueInfo.of("y", ElementType.FLOAT, 1, 4)).graph();
        GraphNormalizer.normalize(graph, "test");
        return new Pipeline(graph::copy, TestPlatform.noise(graph, 4), 1, Progress.QUIET)
                .run(TargetPlan.of(registry, "chip", Settings.NONE));
    }

    private static float[] weights(int seed) {
        float[] w = new float[16];
        for (int i = 0; i < w.length; i++) {
            w[i] = ((i * 5 + seed) % 7 - 3) / 9f;
        }
        return w;
    }

    @Test
    void bakingIsNoEditToDeclareAndAnythingElseIs() {
        Tensor zero = Tensor.ofFloats(new long[] {4, 4}, new float[16]);
        Pass bakes = c -> c.states()
                .bake(
                        c.quantization()
                                .input(c.graph().node("n0").orElseThrow(), 1)
                                .orElseThrow(),
                        zero,
                        "");
        assertThat(run(bakes).graph().initializer("w0").orElseThrow().floats()).containsOnly(0);
        assertThatThrownBy(() -> run(c -> {
                    bakes.run(c);
                    c.graph().edit().initializer("w1", zero);
                }))
                .isInstanceOf(PluginException.class)
                .hasMessageContaining("changed the graph without declaring it");
    }

    @Test
    void aSuspensionLeftOpenIsBlamedOnThePassAndDoesNotHideItsOwnFailure() {
        assertThatThrownBy(() -> run(c -> c.states().dequantize(c.quantization().configs())))
                .isInstanceOf(PluginException.class)
                .hasMessageContaining("DT-KRN-003: vendor 1: pass 'vendor'");
        assertThatThrownBy(() -> run(c -> {
                    c.states().dequantize(c.quantization().configs());
                    throw new IllegalStateException("out of luck");
                }))
                .isInstanceOf(PluginException.class)
                .hasMessageContaining("out of luck");
    }

    /** Layer analysis as a pass: the simulator computes with what a suspension leaves on. */
    @Test
    void aSuspensionShowsWhatALayerCostsAlone() {
        Map<String, Double> errors = new LinkedHashMap<>();
        Pipeline.Result result = run(c -> {
            errors.put("all", c.simulator().outputError(Trial.NONE, 4));
            for (Node alone : c.graph().nodes()) {
                List<? extends TensorQuantization> others = c.quantization().configs().stream()
                        .filter(q -> !q.slot().node().equals(alone.name()))
                        .toList();
                try (StateControl.Suspension off = c.states().dequantize(others)) {
                    errors.put(alone.name(), c.simulator().outputError(Trial.NONE, 4));
                }
            }
            try (StateControl.Suspension off =
                    c.states().dequantize(c.quantization().configs())) {
                errors.put("none", c.simulator().outputError(Trial.NONE, 4));
            }
            errors.put("all again", c.simulator().outputError(Trial.NONE, 4));
        });
        assertThat(errors.get("none")).isZero();
        assertThat(errors.get("all")).isPositive().isEqualTo(errors.get("all again"));
        assertThat(errors.get("n0")).isPositive().isNotEqualTo(errors.get("all"));
        assertThat(errors.get("n1")).isPositive().isNotEqualTo(errors.get("n0"));
        assertThat(result.configs().configs()).noneMatch(c -> c.state() == QuantizationState.DEQUANTIZED);
    }

    private static void nothing(PassContext context) {}

    @Test
    void aRuleThatSwitchesAnOutputOffLeavesItFloat() {
        Pipeline.Result r = run(PassEnvelopeTest::nothing);
        TensorQuantization out =
                r.configs().output(r.graph().node("n1").orElseThrow(), 0).orElseThrow();
        assertThat(out.state()).isEqualTo(QuantizationState.DEACTIVATED);
        assertThat(out.state().isSettled()).isTrue();
    }
}
