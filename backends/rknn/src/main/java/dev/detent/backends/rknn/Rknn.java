package dev.detent.backends.rknn;

import dev.detent.spi.backend.Backend;
import dev.detent.spi.backend.Target;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.export.TensorEncodings;
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
 * Rockchip's NPU through rknn-toolkit2: asymmetric int8, activations per tensor, weights per layer or per channel (what
 * the toolkit makes with {@code quantized_method='channel'}), int32 bias.
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
                common("rknn", "Rockchip RKNN: int8 asymmetric, one scale per layer", "layer")
                        .weights(S8, "minmax", OperatorTable.types(Trait.WEIGHTED))
                        .derivedBias(BIAS, "minmax")
                        .build(),
                common("rknn-channel", "Rockchip RKNN: int8 asymmetric, weights per channel", "channel")
                        .channelWeights(S8, "minmax", OperatorTable.types(Trait.WEIGHTED))
                        .derivedBias(BIAS.perChannel(0), "minmax")
                        .build());
    }

    private static DeclaredTargetBuilder common(String id, String summary, String method) {
        return DeclaredTarget.of(id, summary)
                .quantizes(TYPES)
                .moves(OperatorTable.types(Trait.MOVES))
                .activations(S8, "mse")
                .writes(new QdqExporter("rknn.load_onnx takes its Q/DQ nodes"), new HybridExporter(TYPES, method))
                .lint(Rknn::symmetricWeights);
    }

    /**
     * Found with rknn-toolkit2 2.5: it rescales such weights by 128/127 and rounds again; others it takes as they are.
     */
    private static List<Problem> symmetricWeights(QuantizedModel model) {
        return TensorEncodings.of(model).parameters().values().stream()
                .filter(c -> c.scheme().bits() == 8)
                .filter(c -> c.qparams().stream().allMatch(Rknn::isSymmetric))
                .map(c -> Problem.note(
                        RknnProblems.SYMMETRIC,
                        "has no zero point but 0, so rknn-toolkit2 rounds it anew to steps of 128/127",
                        c.value()))
                .toList();
    }

    private static boolean isSymmetric(QuantizationParameters p) {
        for (float zeroPoint : p.zeroPoints()) {
            if (zeroPoint != 0) {
                return false;
            }
        }
        return true;
    }
}
