package dev.detent.backends.ppl;

import dev.detent.spi.backend.Backend;
import dev.detent.spi.backend.Target;
import dev.detent.spi.quant.ScaleRule;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.number.LinearInteger;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import dev.detent.support.qdq.QdqExporter;
import dev.detent.support.target.DeclaredTarget;
import java.util.List;
import org.pf4j.Extension;

/**
 * OpenPPL on CUDA: int8 symmetric, per-channel weights, int32 bias with scale input x weight; Sigmoid and LeakyRelu
 * fuse as well.
 */
@Extension
public final class Ppl implements Backend {

    private static final Scheme S8 = LinearInteger.symmetric(8, -128, 127).with(ScaleRule.MAGNITUDE);

    @Override
    public List<Target> targets() {
        return List.of(DeclaredTarget.of("ppl-cuda", "OpenPPL CUDA: int8 symmetric, per-channel weights")
                .quantizes(OperatorTable.types(
                        Trait.MOVES,
                        "Conv ConvTranspose Gemm Relu PRelu Clip LeakyRelu Sigmoid AveragePool "
                                + "GlobalAveragePool Mul Add Concat ReduceMean"))
                .moves(OperatorTable.types(Trait.MOVES))
                .activations(S8, "mse")
                .channelWeights(S8, "minmax", OperatorTable.types(Trait.WEIGHTED))
                .derivedBias(LinearInteger.int32().perChannel(0), "minmax")
                .floatNetworkOutputs()
                .writes(new PplJsonExporter(), new QdqExporter("the same numbers as Q/DQ nodes"))
                .build());
    }
}
