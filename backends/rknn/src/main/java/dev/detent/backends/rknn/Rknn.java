package dev.detent.backends.rknn;

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
import java.util.Set;
import org.pf4j.Extension;

/**
 * Rockchip's NPU through rknn-toolkit2: asymmetric int8 per tensor; weights per layer (asymmetric) or per channel
 * (symmetric), int32 bias.
 */
@Extension
public final class Rknn implements Backend {

    private static final Set<String> TYPES = OperatorTable.types(
            Trait.MOVES,
            "Conv ConvTranspose Gemm MatMul Relu Clip LeakyRelu PRelu Sigmoid HardSwish Add Sub Mul "
                    + "Concat AveragePool GlobalAveragePool");

    private static final Scheme S8 = LinearInteger.asymmetric(8, -128, 127);
    private static final Scheme BIAS = LinearInteger.int32();

    @Override
    public List<Target> targets() {
        return List.of(
                common("rknn", "Rockchip RKNN: int8 asymmetric, one scale per layer")
                        .weights(S8, "minmax", OperatorTable.types(Trait.WEIGHTED))
                        .derivedBias(BIAS, "minmax")
                        .build(),
                common("rknn-channel", "Rockchip RKNN: int8 asymmetric activations, weights per channel")
                        .channelWeights(
                                LinearInteger.symmetric(8, -127, 127).with(ScaleRule.MAGNITUDE),
                                "minmax",
                                OperatorTable.types(Trait.WEIGHTED))
                        .derivedBias(BIAS.perChannel(0), "minmax")
                        .build());
    }

    private static DeclaredTargetBuilder common(String id, String summary) {
        return DeclaredTarget.of(id, summary)
                .quantizes(TYPES)
                .moves(OperatorTable.types(Trait.MOVES))
                .activations(S8, "mse")
                .writes(new QdqExporter("rknn.load_onnx takes its Q/DQ nodes"), new HybridExporter(TYPES));
    }
}
