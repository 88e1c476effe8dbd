package dev.detent.backends.onnxruntime;

import dev.detent.spi.backend.InitialState;
import dev.detent.spi.backend.NodeRule;
import dev.detent.spi.backend.Profile;
import dev.detent.spi.backend.Rules;
import dev.detent.spi.backend.SlotRule;
import dev.detent.spi.backend.Target;
import dev.detent.spi.backend.WeightAxis;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QdqExporter;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.quant.ScaleRule;
import dev.detent.spi.quant.Scheme;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * ONNX Runtime's CPU provider. Activations uint8 asymmetric (with zero point 0 behind a ReLU its integer kernels absorb the ReLU), weights
 * int8 per output channel, bias int32 with scale input x weight. Network outputs stay float.
 */
final class OnnxRuntimeTarget implements Target {

    private static final Scheme ACTIVATION = Scheme.asymmetric(8, 0, 255);
    private static final Scheme WEIGHT = Scheme.symmetric(8, -127, 127).with(ScaleRule.MAGNITUDE);
    private static final Scheme BIAS = Scheme.symmetric(32, -2147483647L, 2147483647L);

    private static final Set<String> WEIGHTED = Set.of("Conv", "ConvTranspose", "Gemm", "MatMul");

    /** Operators with integer kernels, or that move codes without touching them. */
    private static final Set<String> TYPES = Set.of("Conv", "ConvTranspose", "Gemm", "MatMul", "Relu", "Clip", "LeakyRelu", "Sigmoid",
            "Add", "Mul", "Concat", "MaxPool", "AveragePool", "GlobalAveragePool", "Resize", "Reshape", "Flatten", "Transpose", "Squeeze",
            "Unsqueeze", "Slice", "Split", "Gather", "Pad", "Identity", "Expand", "Tile", "DepthToSpace", "SpaceToDepth");

    private static final Set<String> PASSIVE = Set.of("MaxPool", "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Slice", "Split",
            "Gather", "Identity", "Expand", "Tile", "DepthToSpace", "SpaceToDepth", "Pad", "Resize");

    @Override
    public String id() {
        return "onnxruntime";
    }

    @Override
    public String summary() {
        return "ONNX Runtime CPU: uint8 activations, int8 per-channel weights, int32 bias";
    }

    @Override
    public boolean supports(Node node, Graph graph) {
        return node.isOneOf(TYPES);
    }

    @Override
    public Rules rules() {
        return OnnxRuntimeTarget::rule;
    }

    @Override
    public Profile profile() {
        return Profile.dispatchedBy("pursus").with("bias-folding").with("refine").with("fusion").with("simplify").with("parameter-quantization")
                .with("calibration", Map.of("rival", "percentile")).with("passive-parameters").with("bias-correction").with("baking");
    }

    @Override
    public List<Exporter> exporters() {
        return List.of(new QdqExporter("QuantizeLinear and DequantizeLinear nodes"), new QOperatorExporter());
    }

    private static NodeRule rule(Node node, Graph graph) {
        NodeRule rule = NodeRule.uniform(node, new SlotRule(ACTIVATION, "mse", InitialState.INITIAL));
        if (node.isOneOf(WEIGHTED) && graph.isInitializer(node.input(1))) {
            rule = rule.input(1, new SlotRule(WEIGHT.perChannel(WeightAxis.ofOutputChannels(node, graph)), "minmax", InitialState.INITIAL));
            if (node.hasInput(2)) {
                rule = rule.input(2, bias(node, graph));
            }
        }
        for (int i = 0; i < node.outputs().size(); i++) {
            if (reachesOutputUnchanged(node.output(i), graph)) {
                rule = rule.output(i, rule.outputs().get(i).with(InitialState.FP32));
            }
        }
        return rule.passive(node.isOneOf(PASSIVE));
    }

    /** A bias that is no constant, or that Gemm broadcasts in another way than per column, stays float. */
    private static SlotRule bias(Node node, Graph graph) {
        boolean constant = graph.initializer(node.input(2)).map(t -> t.rank() == 1).orElse(false);
        boolean plain = node.floatAttribute("alpha", 1) == 1 && node.floatAttribute("beta", 1) == 1;
        return new SlotRule(BIAS.perChannel(0), "minmax", constant && plain ? InitialState.PASSIVE_INIT : InitialState.FP32);
    }

    /** The value is a network output, or only moved on its way to one. */
    private static boolean reachesOutputUnchanged(String value, Graph graph) {
        if (graph.isOutput(value)) {
            return true;
        }
        Set<Node> consumers = graph.consumers(value);
        return !consumers.isEmpty() && consumers.stream().allMatch(c -> c.isOneOf(PASSIVE) && c.input(0).equals(value)
                && c.outputs().stream().allMatch(o -> reachesOutputUnchanged(o, graph)));
    }

}
