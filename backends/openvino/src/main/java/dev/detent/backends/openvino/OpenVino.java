package dev.detent.backends.openvino;

import dev.detent.spi.backend.Backend;
import dev.detent.spi.backend.NodeRule;
import dev.detent.spi.backend.Target;
import dev.detent.spi.backend.TensorRule;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.quant.ScaleRule;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.graph.PerGraph;
import dev.detent.support.number.LinearInteger;
import dev.detent.support.operator.NonNegativeValues;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import dev.detent.support.qdq.QdqExporter;
import dev.detent.support.target.DeclaredTarget;
import java.util.List;
import java.util.Set;
import org.pf4j.Extension;

/**
 * OpenVINO's CPU and GPU plugins, as NNCF prepares models for them: inputs of weighted operators, additions and pools
 * quantized, symmetric; unsigned where the producer cannot be negative; per-channel weights, of 7 bits where a CPU
 * without VNNI would saturate; float bias.
 */
@Extension
public final class OpenVino implements Backend {

    private static final Scheme S8 = LinearInteger.symmetric(8, -128, 127).with(ScaleRule.MAGNITUDE);
    private static final Scheme U8 = LinearInteger.symmetric(8, 0, 255).with(ScaleRule.MAGNITUDE);
    private static final Scheme WEIGHT = LinearInteger.symmetric(8, -127, 127).with(ScaleRule.MAGNITUDE);
    private static final Scheme NARROW = LinearInteger.symmetric(7, -64, 63).with(ScaleRule.MAGNITUDE);
    private static final Set<String> TYPES = OperatorTable.types(Trait.WEIGHTED, "Add AveragePool GlobalAveragePool");

    /** Operators whose result is not negative when their first input is not, or when none is. */
    @Override
    public List<Target> targets() {
        return List.of(
                target("openvino", "OpenVINO: int8 symmetric, uint8 after ReLU, per-channel weights", WEIGHT),
                target(
                        "openvino-avx2",
                        "OpenVINO on CPUs without VNNI: 7-bit weights, so that no sum of two products saturates",
                        NARROW));
    }

    private static Target target(String id, String summary, Scheme weight) {
        PerGraph<Set<String>> neverNegative = new PerGraph<>(NonNegativeValues::in);
        return DeclaredTarget.of(id, summary)
                .quantizes(TYPES)
                .onlyIf(OpenVino::isQuantized)
                .activations(S8, "mse")
                .channelWeights(weight, "minmax", OperatorTable.types(Trait.WEIGHTED))
                .alsoWeights(NARROW, OperatorTable.types(Trait.WEIGHTED))
                .floatOutputs()
                .adjusted((rule, node, graph) -> unsigned(rule, node, neverNegative.of(graph)))
                .recipe(host -> host.inputsOnly().without("passive-parameters"))
                .writes(new QdqExporter("OpenVINO reads its pairs as FakeQuantize"), new FakeQuantizeExporter())
                .build();
    }

    /**
     * Additions of feature maps only: those of a transformer (attention mask, residuals around a layer norm) stay
     * float, as in NNCF.
     */
    private static boolean isQuantized(Node node, Graph graph) {
        return !node.is("Add")
                || node.inputs().stream()
                        .allMatch(v -> graph.valueInfo(v)
                                .flatMap(ValueInfo::shape)
                                .map(s -> s.size() == 4)
                                .orElse(false));
    }

    private static NodeRule unsigned(NodeRule rule, Node node, Set<String> neverNegative) {
        NodeRule changed = rule;
        for (int i = 0; i < node.inputs().size(); i++) {
            TensorRule slot = rule.inputs().get(i);
            if (slot.scheme().equals(S8) && neverNegative.contains(node.input(i))) {
                changed = changed.input(i, slot.with(U8));
            }
        }
        return changed;
    }
}
