package dev.detent.backends.mnn;

import dev.detent.spi.backend.Backend;
import dev.detent.spi.backend.Target;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
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
 * MNN's int8: convolutions and additions, symmetric [-127, 127], per-channel weights, float bias, ties away from zero.
 * Int8 layers produce int8 outputs, so these are quantized everywhere. Gemm and MatMul stay float (MNN 3.6 gives wrong
 * results for a quantized Gemm), and so does the producer of a global average: MNN would round the average to the step
 * of its input, which costs 9 dB on squeezenet.
 */
@Extension
public final class Mnn implements Backend {

    private static final Scheme S8 = LinearInteger.symmetric(8, -127, 127).with(Rounding.HALF_AWAY_FROM_ZERO);
    private static final Set<String> FUSED = Set.of("Relu", "Clip");

    @Override
    public List<Target> targets() {
        return List.of(DeclaredTarget.of(
                        "mnn", "MNN: int8 symmetric convolutions and additions, per-channel weights, float bias")
                .quantizes(Set.of("Conv", "Add", "Relu", "Clip"))
                .onlyIf((n, g) -> !feedsAverage(n, g))
                .activations(S8, "mse")
                .channelWeights(S8, "minmax", Set.of("Conv"))
                .writes(
                        new CompressionExporter(),
                        new QdqExporter("the same numbers as Q/DQ nodes", QdqGraphBuilder.Form.OTHER_TIES))
                .build());
    }

    private static boolean feedsAverage(Node node, Graph graph) {
        return graph.downstream(node).stream()
                .anyMatch(n -> n.is("GlobalAveragePool") || n.isOneOf(FUSED) && feedsAverage(n, graph));
    }
}
