package dev.detent.backends.k230;

import dev.detent.spi.backend.Backend;
import dev.detent.spi.backend.Target;
import dev.detent.spi.quant.ScaleRule;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.number.LinearInteger;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import dev.detent.support.target.DeclaredTarget;
import java.util.List;
import java.util.Set;
import org.pf4j.Extension;

/**
 * Kendryte's K230 through nncase: activations uint8 asymmetric or int16, weights per channel, which nncase finds in the
 * file by itself.
 */
@Extension
public final class K230 implements Backend {

    private static final Set<String> TYPES = OperatorTable.types(
            Trait.MOVES,
            "Conv ConvTranspose Gemm MatMul Relu Clip LeakyRelu PRelu Sigmoid Tanh HardSwish Add Sub Mul Concat "
                    + "AveragePool GlobalAveragePool Resize");

    private static final Scheme U8 = LinearInteger.asymmetric(8, 0, 255);
    private static final Scheme S16 = LinearInteger.symmetric(16, -32768, 32767).with(ScaleRule.MAGNITUDE);
    private static final Scheme WEIGHT = LinearInteger.symmetric(8, -127, 127).with(ScaleRule.MAGNITUDE);

    @Override
    public List<Target> targets() {
        return List.of(DeclaredTarget.of("k230", "Kendryte K230 (nncase): uint8 activations, int8 per-channel weights")
                .quantizes(TYPES)
                .moves(OperatorTable.types(Trait.MOVES))
                .activations(U8, "mse")
                .alsoActivations(S16, TYPES)
                .channelWeights(WEIGHT, "minmax", OperatorTable.types(Trait.WEIGHTED))
                .derivedBias(LinearInteger.int32().perChannel(0), "minmax")
                .writes(new QuantSchemeExporter())
                .build());
    }
}
