package dev.detent.backends.fpga;

import dev.detent.spi.backend.Backend;
import dev.detent.spi.backend.Target;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.number.LinearInteger;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import dev.detent.support.qdq.QdqExporter;
import dev.detent.support.target.DeclaredTarget;
import java.util.List;
import org.pf4j.Extension;

/**
 * FPGA accelerators with shifters for scales: int8 symmetric, every scale a power of two, per tensor, bias 30 usable
 * bits.
 */
@Extension
public final class Fpga implements Backend {

    private static final Scheme P2 = LinearInteger.symmetric(8, -128, 127).withPowerOfTwo();

    @Override
    public List<Target> targets() {
        return List.of(DeclaredTarget.of("fpga", "FPGA: int8 symmetric, power-of-two scales, per tensor")
                .quantizes(OperatorTable.types(
                        Trait.MOVES,
                        "Conv ConvTranspose Gemm MatMul Relu PRelu Clip LeakyRelu Sigmoid AveragePool "
                                + "GlobalAveragePool Mul Add Sub Max Div Concat"))
                .moves(OperatorTable.types(Trait.MOVES))
                .activations(P2, "mse")
                .weights(P2, "minmax", OperatorTable.types(Trait.WEIGHTED))
                .derivedBias(LinearInteger.symmetric(30, -(1L << 29), 1L << 29).withPowerOfTwo(), "minmax")
                .writes(new ShiftExporter(), new QdqExporter("power-of-two scales"))
                .build());
    }
}
