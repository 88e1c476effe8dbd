package dev.detent.backends.ascend;

import dev.detent.spi.backend.Backend;
import dev.detent.spi.backend.Target;
import dev.detent.spi.quant.Rounding;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.number.LinearInteger;
import dev.detent.support.qdq.QdqExporter;
import dev.detent.support.qdq.QdqGraphBuilder;
import dev.detent.support.target.DeclaredTarget;
import java.util.List;
import java.util.Set;
import org.pf4j.Extension;

/**
 * Huawei's Ascend through AMCT: the inputs of convolutions, inner products and average pools are uint8 asymmetric,
 * weights symmetric per channel (per tensor in a Gemm), everything else float. Ties away from zero. A Gemm is an
 * ordinary node here; PPQ's rules crash on one that did not come from Caffe.
 */
@Extension
public final class Ascend implements Backend {

    private static final Scheme U8 = LinearInteger.asymmetric(8, 0, 255).with(Rounding.HALF_AWAY_FROM_ZERO);
    private static final Scheme WEIGHT = LinearInteger.symmetric(8, -128, 127).with(Rounding.HALF_AWAY_FROM_ZERO);

    @Override
    public List<Target> targets() {
        return List.of(DeclaredTarget.of(
                        "ascend", "Ascend (AMCT): uint8 inputs, int8 per-channel weights, float bias and outputs")
                .quantizes(Set.of("Conv", "ConvTranspose", "Gemm", "AveragePool"))
                .onlyIf((n, g) -> n.is("AveragePool") || g.isInitializer(n.input(1)))
                .activations(U8, "mse")
                .channelWeights(WEIGHT, "minmax", Set.of("Conv", "ConvTranspose"))
                .weights(WEIGHT, "minmax", Set.of("Gemm"))
                .floatOutputs()
                .recipe(host -> host.inputsOnly().without("passive-parameters"))
                .writes(
                        new QdqExporter(
                                "amct_onnx.convert_qat_model",
                                QdqGraphBuilder.Form.OTHER_TIES,
                                QdqGraphBuilder.Form.FLOAT_WEIGHTS),
                        new RecordExporter())
                .build());
    }
}
