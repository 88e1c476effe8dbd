package dev.detent.backends.spacemit;

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
import java.util.Set;
import org.pf4j.Extension;

/**
 * SpacemiT's RISC-V cores through their ONNX Runtime provider, as xslim prepares models: activations per tensor,
 * weights symmetric per channel, half to even.
 */
@Extension
public final class Spacemit implements Backend {

    private static final Set<String> TYPES = OperatorTable.types(
            Trait.MOVES,
            "Conv ConvTranspose Gemm MatMul Relu Clip LeakyRelu Sigmoid Tanh HardSwish HardSigmoid Add Sub Mul Concat "
                    + "AveragePool GlobalAveragePool Softmax LayerNormalization Resize");

    private static final Scheme S8 = LinearInteger.asymmetric(8, -128, 127);
    private static final Scheme WEIGHT = LinearInteger.symmetric(8, -127, 127).with(ScaleRule.MAGNITUDE);

    @Override
    public List<Target> targets() {
        return List.of(DeclaredTarget.of(
                        "spacemit", "SpacemiT K1 and K3: Q/DQ nodes, int8 asymmetric activations, weights per channel")
                .quantizes(TYPES)
                .moves(OperatorTable.types(Trait.MOVES))
                .activations(S8, "mse")
                .channelWeights(WEIGHT, "minmax", OperatorTable.types(Trait.WEIGHTED))
                .derivedBias(LinearInteger.int32().perChannel(0), "minmax")
                .writes(new QdqExporter("for SpacemiT's execution provider"))
                .build());
    }
}
