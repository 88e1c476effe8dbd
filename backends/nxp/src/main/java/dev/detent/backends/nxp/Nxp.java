package dev.detent.backends.nxp;

import dev.detent.spi.backend.Backend;
import dev.detent.spi.backend.NodeRule;
import dev.detent.spi.backend.Target;
import dev.detent.spi.backend.TensorRule;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.quant.Rounding;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.number.LinearInteger;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import dev.detent.support.qdq.QdqExporter;
import dev.detent.support.qdq.QdqGraphBuilder;
import dev.detent.support.target.DeclaredTarget;
import java.util.List;
import org.pf4j.Extension;

/**
 * NXP's NPU: int8 symmetric with power-of-two scales; activations round ties up (network inputs round ties down),
 * per-channel weights away from zero, bias 30 usable bits.
 */
@Extension
public final class Nxp implements Backend {

    private static final Scheme P2 = LinearInteger.symmetric(8, -128, 127).withPowerOfTwo();

    @Override
    public List<Target> targets() {
        return List.of(DeclaredTarget.of("nxp", "NXP: int8 symmetric, power-of-two scales, per-channel weights")
                .quantizes(OperatorTable.types(
                        Trait.MOVES,
                        "Conv ConvTranspose Gemm MatMul Relu PRelu Clip LeakyRelu Sigmoid AveragePool "
                                + "GlobalAveragePool Mul Add Sub Max Div Concat"))
                .moves(OperatorTable.types(Trait.MOVES))
                .activations(P2.with(Rounding.HALF_UP), "mse")
                .channelWeights(P2.with(Rounding.HALF_AWAY_FROM_ZERO), "minmax", OperatorTable.types(Trait.WEIGHTED))
                .derivedBias(
                        LinearInteger.symmetric(30, -(1L << 30), 1L << 30)
                                .withPowerOfTwo()
                                .perChannel(0)
                                .with(Rounding.HALF_UP),
                        "minmax")
                .adjusted(Nxp::networkInput)
                .writes(new NxpExporter(), new QdqExporter("power-of-two scales", QdqGraphBuilder.Form.OTHER_TIES))
                .build());
    }

    private static NodeRule networkInput(NodeRule rule, Node node, Graph graph) {
        NodeRule changed = rule;
        for (int i = 0; i < node.inputs().size(); i++) {
            if (graph.isInput(node.input(i))) {
                TensorRule slot = rule.inputs().get(i);
                changed = changed.input(i, slot.with(slot.scheme().with(Rounding.HALF_DOWN)));
            }
        }
        return changed;
    }
}
