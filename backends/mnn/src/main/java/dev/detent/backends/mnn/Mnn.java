package dev.detent.backends.mnn;

import dev.detent.spi.backend.Backend;
import dev.detent.spi.backend.DeclaredTarget;
import dev.detent.spi.backend.Operators;
import dev.detent.spi.backend.Target;
import dev.detent.spi.export.QdqExporter;
import dev.detent.spi.export.QdqInsertion;
import dev.detent.spi.quant.Rounding;
import dev.detent.spi.quant.Scheme;
import java.util.List;
import java.util.Set;
import org.pf4j.Extension;

/** MNN's int8: convolutions, inner products and additions, symmetric [-127, 127], per-channel weights, float bias, ties away from zero. */
@Extension
public final class Mnn implements Backend {

    private static final Scheme S8 = Scheme.symmetric(8, -127, 127).with(Rounding.HALF_AWAY_FROM_ZERO);
    private static final Set<String> FUSED = Set.of("Conv", "Gemm", "Add", "Relu", "Clip");

    @Override
    public List<Target> targets() {
        return List.of(DeclaredTarget.of("mnn", "MNN: int8 symmetric, per-channel weights, float bias").quantizes(FUSED)
                .activations(S8, "mse").channelWeights(S8, Operators.BIASED).floatNetworkOutputs()
                .writes(new ScaleExporter(), new QdqExporter("the same numbers as Q/DQ nodes", QdqInsertion.Form.OTHER_TIES)).build());
    }
}
