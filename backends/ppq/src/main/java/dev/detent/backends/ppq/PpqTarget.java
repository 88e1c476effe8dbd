package dev.detent.backends.ppq;

import dev.detent.spi.backend.DefaultRecipes;
import dev.detent.spi.backend.InitialState;
import dev.detent.spi.backend.NodeRule;
import dev.detent.spi.backend.QuantizationRecipe;
import dev.detent.spi.backend.Rules;
import dev.detent.spi.backend.Target;
import dev.detent.spi.backend.TensorRule;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.quant.CodeRange;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.number.Widths;
import dev.detent.support.operator.WeightLayout;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** A rule set of PPQ as a target. */
final class PpqTarget implements Target {

    private static final int[] WIDTHS = {2, 3, 4, 5, 6, 7, 8, 12, 16};

    private final Platform platform;

    PpqTarget(Platform platform) {
        this.platform = platform;
    }

    @Override
    public String id() {
        return "ppq:" + platform.name();
    }

    @Override
    public String summary() {
        return "the rules of PPQ 0.6.5.1 for " + platform.name();
    }

    @Override
    public boolean supports(Node node, Graph graph) {
        return node.isOneOf(platform.types());
    }

    /** PPQ lets a person set any width of any config, and its JSON holds it. */
    @Override
    public List<NodeRule> alternatives(Node node, Graph graph) {
        if (!supports(node, graph)) {
            return List.of();
        }
        NodeRule own = rule(node, graph);
        Set<NodeRule> all = new LinkedHashSet<>(List.of(own));
        for (int activation : WIDTHS) {
            for (int weight : WIDTHS) {
                all.add(inWidths(own, activation, weight, node));
            }
        }
        all.add(own.inFloat());
        return List.copyOf(all);
    }

    private NodeRule inWidths(NodeRule own, int activation, int weight, Node node) {
        NodeRule rule = own;
        for (int i = 0; i < own.inputs().size(); i++) {
            int bits = i == 1 && node.isOneOf(platform.weighted()) ? weight : activation;
            rule = rule.input(i, inWidth(own.inputs().get(i), bits));
        }
        for (int i = 0; i < own.outputs().size(); i++) {
            rule = rule.output(i, inWidth(own.outputs().get(i), activation));
        }
        return rule;
    }

    private static TensorRule inWidth(TensorRule rule, int bits) {
        boolean changes =
                rule.state() == InitialState.INITIAL && rule.scheme().system().isAffineInteger();
        return changes ? rule.with(Widths.of(rule.scheme(), bits)) : rule;
    }

    @Override
    public List<Exporter> exporters() {
        return List.of(new ConfigExporter());
    }

    @Override
    public Rules rules() {
        return this::rule;
    }

    @Override
    public QuantizationRecipe recipe(DefaultRecipes host) {
        QuantizationRecipe profile = QuantizationRecipe.dispatchedBy("perseus")
                .with("refine")
                .with("fusion", Map.of("activations", String.join(",", new TreeSet<>(platform.fused()))))
                .with("simplify")
                .with("parameter-quantization")
                .with("calibration", Map.of("network", "simulated"))
                .with("alignment")
                .with("passive-parameters")
                .with("baking");
        for (String pass : new TreeSet<>(platform.prepasses())) {
            profile = profile.with(pass);
        }
        return profile;
    }

    private NodeRule rule(Node node, Graph graph) {
        NodeRule rule = NodeRule.uniform(node, platform.activation());
        if (node.isOneOf(platform.weighted()) && node.inputs().size() > 1) {
            TensorRule weight = platform.weight().orElseThrow();
            // PPQ reads "inputs[1:]" for per-tensor weights: the observer also holds for what the bias rule leaves
            // untouched.
            for (int i = 1; i < node.inputs().size() && !platform.perChannel(); i++) {
                rule = rule.input(i, weight);
            }
            if (platform.perChannel()
                    && (graph.isInitializer(node.input(1)) || !platform.name().equals("TRT_INT8"))) {
                rule = rule.input(1, weight.with(weightScheme(node, graph, weight.scheme())));
            }
        }
        if (node.isOneOf(platform.biased()) && node.hasInput(2)) {
            rule = rule.input(2, platform.bias().orElseThrow());
        }
        if (platform.floatOutputs()) {
            rule = rule.output(0, platform.activation().with(InitialState.FP32));
        }
        return rule.passive(platform.passives() && node.isOneOf(Platform.PASSIVE));
    }

    /** The output-channel axis. PPQ takes axis 0 for all; docs/differences.md, D-01 and D-02. */
    private Scheme weightScheme(Node node, Graph graph, Scheme scheme) {
        Scheme s = platform.name().equals("NCNN_INT8") && isWinograd(node, graph)
                ? scheme.with(new CodeRange(6, -31, 31))
                : scheme;
        return WeightLayout.perOutputChannel(s, node, graph);
    }

    /** ncnn runs 3x3 stride-1 convolutions as Winograd, which leaves 6 bits to the weights. */
    private static boolean isWinograd(Node node, Graph graph) {
        List<Long> kernel = node.intsAttribute(
                "kernel_shape",
                graph.initializer(node.input(1))
                        .map(t -> java.util.Arrays.stream(t.dims())
                                .skip(2)
                                .boxed()
                                .toList())
                        .orElse(List.of()));
        return node.is("Conv")
                && node.intAttribute("group", 1) == 1
                && kernel.stream().allMatch(k -> k == 3)
                && node.intsAttribute("dilations", List.of(1L)).stream().allMatch(d -> d == 1)
                && node.intsAttribute("strides", List.of(1L)).stream().allMatch(d -> d == 1);
    }
}
