package dev.detent.backends.tengine;

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
 * Tengine's uint8: asymmetric per tensor for activations and weights, int32 bias with scale input x weight; a
 * convolution takes its ReLU's range.
 */
@Extension
public final class Tengine implements Backend {

    private static final Scheme U8 = LinearInteger.asymmetric(8, 0, 255);

    @Override
    public List<Target> targets() {
        return List.of(DeclaredTarget.of("tengine", "Tengine: uint8 asymmetric per tensor, int32 bias")
                .quantizes(OperatorTable.types(
                        Trait.MOVES,
                        "Conv ConvTranspose Gemm MatMul Relu Clip LeakyRelu Sigmoid Softmax Add Mul Concat "
                                + "AveragePool GlobalAveragePool"))
                .moves(OperatorTable.types(Trait.MOVES))
                .activations(U8, "mse")
                .weights(U8, "minmax", OperatorTable.types(Trait.WEIGHTED))
                .derivedBias(LinearInteger.int32(), "minmax")
                .writes(new ScaleFileExporter(), new QdqExporter("the same numbers as Q/DQ nodes"))
                .build());
    }
}
