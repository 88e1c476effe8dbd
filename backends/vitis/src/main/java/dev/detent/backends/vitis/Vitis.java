package dev.detent.backends.vitis;

import dev.detent.spi.backend.Backend;
import dev.detent.spi.backend.Target;
import dev.detent.spi.quant.Rounding;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.number.LinearInteger;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import dev.detent.support.qdq.QdqExporter;
import dev.detent.support.qdq.QdqGraphBuilder;
import dev.detent.support.target.DeclaredTarget;
import java.util.List;
import java.util.Map;
import org.pf4j.Extension;

/**
 * AMD's DPUs (Vitis AI, XINT8): int8 symmetric with power-of-two scales per tensor for activations (ties upward),
 * weights (half to even) and the bias as well; pools and concatenations share one scale.
 */
@Extension
public final class Vitis implements Backend {

    private static final Scheme P2 = LinearInteger.symmetric(8, -128, 127).withPowerOfTwo();

    @Override
    public List<Target> targets() {
        return List.of(DeclaredTarget.of(
                        "vitis", "Vitis AI XINT8: int8 symmetric, power-of-two scales, bias quantized too")
                .quantizes(OperatorTable.types(
                        Trait.MOVES,
                        "Conv ConvTranspose Gemm MatMul Relu PRelu Clip LeakyRelu HardSigmoid HardSwish "
                                + "AveragePool GlobalAveragePool Mul Add Concat ReduceMean"))
                .moves(OperatorTable.types(Trait.MOVES))
                .activations(P2.with(Rounding.HALF_UP), "mse")
                .weights(P2, "minmax", OperatorTable.types(Trait.WEIGHTED))
                .calibratedBias(P2, "mse")
                .recipe(host -> host.integer()
                        .with(
                                "alignment",
                                Map.of(
                                        "elementwise",
                                        "None",
                                        "concat",
                                        "Align to Output",
                                        "pooling",
                                        "Align to Output")))
                .writes(
                        new QdqExporter("XINT8 for Vitis AI's execution provider", QdqGraphBuilder.Form.OTHER_TIES),
                        new ScaleExporter())
                .lint(DpuShiftLint::check)
                .build());
    }
}
