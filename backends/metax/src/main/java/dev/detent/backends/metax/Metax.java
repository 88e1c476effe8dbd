package dev.detent.backends.metax;

import dev.detent.spi.backend.Backend;
import dev.detent.spi.backend.Target;
import dev.detent.spi.quant.ScaleRule;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.number.LinearInteger;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import dev.detent.support.qdq.QdqExporter;
import dev.detent.support.target.DeclaredTarget;
import dev.detent.support.target.DeclaredTargetBuilder;
import java.util.List;
import org.pf4j.Extension;

/**
 * MetaX GPUs: uint8 per tensor with float bias, or int8 [-127, 127] with weights of Conv and MatMul per channel and an
 * integer bias.
 */
@Extension
public final class Metax implements Backend {

    private static final Scheme U8 = LinearInteger.asymmetric(8, 0, 255);
    private static final Scheme S8 = LinearInteger.symmetric(8, -127, 127).with(ScaleRule.MAGNITUDE);

    @Override
    public List<Target> targets() {
        return List.of(
                common("metax-tensor", "MetaX: uint8 asymmetric per tensor, float bias")
                        .activations(U8, "mse")
                        .weights(U8, "minmax", OperatorTable.types(Trait.WEIGHTED))
                        .build(),
                common("metax-channel", "MetaX: int8 symmetric, weights per channel, integer bias")
                        .activations(S8, "mse")
                        .channelWeights(S8, "minmax", OperatorTable.types(Trait.WEIGHTED))
                        .derivedBias(LinearInteger.int32().perChannel(0), "minmax")
                        .build());
    }

    private static DeclaredTargetBuilder common(String id, String summary) {
        return DeclaredTarget.of(id, summary)
                .quantizes(OperatorTable.types(
                        Trait.MOVES,
                        "Conv Gemm MatMul Relu PRelu Clip LeakyRelu AveragePool GlobalAveragePool Mul Add Concat"))
                .moves(OperatorTable.types(Trait.MOVES))
                .floatNetworkOutputs()
                .writes(new QdqExporter("QuantizeLinear and DequantizeLinear nodes"));
    }
}
