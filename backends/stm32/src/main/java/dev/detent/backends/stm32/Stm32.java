package dev.detent.backends.stm32;

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
 * ST's Neural-ART NPU through ST Edge AI ("8b/8b, ss/sa per channel"): signed activations, weights symmetric per
 * channel; what stays float runs on the Cortex-M55.
 */
@Extension
public final class Stm32 implements Backend {

    private static final Set<String> TYPES = OperatorTable.types(
            Trait.MOVES,
            "Conv ConvTranspose Gemm MatMul Relu Clip LeakyRelu PRelu Sigmoid Tanh HardSwish Add Sub Mul Concat "
                    + "AveragePool GlobalAveragePool Resize");

    private static final Scheme S8 = LinearInteger.asymmetric(8, -128, 127);
    private static final Scheme WEIGHT = LinearInteger.symmetric(8, -127, 127).with(ScaleRule.MAGNITUDE);

    @Override
    public List<Target> targets() {
        return List.of(DeclaredTarget.of(
                        "stm32n6",
                        "ST Neural-ART (STM32N6): Q/DQ nodes, int8 asymmetric activations, weights per channel")
                .quantizes(TYPES)
                .moves(OperatorTable.types(Trait.MOVES))
                .activations(S8, "mse")
                .channelWeights(WEIGHT, "minmax", OperatorTable.types(Trait.WEIGHTED))
                .derivedBias(LinearInteger.int32().perChannel(0), "minmax")
                .writes(new QdqExporter("stedgeai generate --target stm32n6"))
                .lint(m -> FloatIslands.check(m, TYPES))
                .build());
    }
}
