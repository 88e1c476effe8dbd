package dev.detent.backends.dsp;

import dev.detent.spi.backend.InitialState;
import dev.detent.spi.backend.NodeRule;
import dev.detent.spi.backend.Profile;
import dev.detent.spi.backend.Rules;
import dev.detent.spi.backend.SlotRule;
import dev.detent.spi.backend.Target;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.TensorQuantization;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * DSP-style INT8 (Hexagon through SNPE and QNN): unsigned 8-bit asymmetric per tensor for activations and weights, bias 32-bit with scale
 * input x weight. Data-moving operators share their input's encoding, probabilities have a fixed one, and network outputs are quantized
 * too: the runtime has no float outside.
 */
final class DspTarget implements Target {

    private static final Scheme TENSOR = Scheme.asymmetric(8, 0, 255);
    private static final Scheme BIAS = Scheme.symmetric(32, -2147483647L, 2147483647L);
    private static final Set<String> WEIGHTED = Set.of("Conv", "ConvTranspose", "Gemm", "MatMul");

    /** Operators whose output is a probability: scale 1/255 and zero point 0, whatever was observed. */
    private static final Set<String> PROBABILITIES = Set.of("Sigmoid", "Softmax", "HardSigmoid");

    private static final Set<String> PASSIVE = Set.of("MaxPool", "GlobalMaxPool", "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze",
            "Slice", "Split", "Gather", "Identity", "Pad", "Resize", "DepthToSpace", "SpaceToDepth", "Expand", "Tile");

    private static final Set<String> TYPES = Set.of("Relu", "PRelu", "Clip", "AveragePool", "GlobalAveragePool", "Mul", "Add", "Max", "Min",
            "Sub", "Div", "LeakyRelu", "Concat", "ReduceMean", "ReduceSum", "ReduceMax", "HardSwish", "Tanh", "Elu", "Sqrt", "Pow", "Exp",
            "InstanceNormalization", "LayerNormalization", "BatchNormalization", "Gelu", "Sum", "Abs", "Neg", "LogSoftmax");

    @Override
    public String id() {
        return "dsp";
    }

    @Override
    public String summary() {
        return "DSP-style INT8 (SNPE, QNN): uint8 asymmetric per tensor, encodings for every tensor";
    }

    @Override
    public boolean supports(Node node, Graph graph) {
        return node.isOneOf(WEIGHTED) || node.isOneOf(PROBABILITIES) || node.isOneOf(PASSIVE) || node.isOneOf(TYPES);
    }

    @Override
    public Rules rules() {
        return DspTarget::rule;
    }

    @Override
    public Profile profile() {
        return Profile.dispatchedBy("pursus").with("bias-folding").with("equalization", Map.of("iterations", 3)).with("refine").with("fusion").with("simplify")
                .with("parameter-quantization").with("calibration", Map.of("rival", "percentile")).with("alignment", Map.of("elementwise", "None"))
                .with("passive-parameters").with("bias-correction").with("baking");
    }

    @Override
    public List<Exporter> exporters() {
        return List.of(new EncodingsExporter());
    }

    private static NodeRule rule(Node node, Graph graph) {
        NodeRule rule = NodeRule.uniform(node, new SlotRule(TENSOR, "mse", InitialState.INITIAL));
        if (node.isOneOf(WEIGHTED) && graph.isInitializer(node.input(1))) {
            rule = rule.input(1, new SlotRule(TENSOR, "minmax", InitialState.INITIAL));
            if (graph.isInitializer(node.input(2))) {
                boolean plain = node.floatAttribute("alpha", 1) == 1 && node.floatAttribute("beta", 1) == 1;
                rule = rule.input(2, new SlotRule(BIAS, "minmax", plain ? InitialState.PASSIVE_INIT : InitialState.FP32));
            }
        }
        if (node.isOneOf(PROBABILITIES)) {
            rule = rule.output(0, new SlotRule(TENSOR, UnitRange.ID, InitialState.INITIAL));
        }
        return rule.passive(node.isOneOf(PASSIVE));
    }

    /** Depthwise weights with one scale for all channels are where this arithmetic loses most. */
    @Override
    public List<Problem> lint(QuantizedModel model) {
        List<Problem> problems = new ArrayList<>();
        for (Node n : model.graph().nodes()) {
            for (TensorQuantization c : model.quantization().outputs(n)) {
                c.parameters().ifPresent(p -> {
                    if (p.scale(0) * 255 < 1e-4f) {
                        problems.add(Problem.warning("DT-DSP-001", "has a range below 0.0001, which QNN widens; the device will differ", c.value()));
                    }
                });
            }
        }
        return problems;
    }
}
