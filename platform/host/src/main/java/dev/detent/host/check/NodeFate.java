package dev.detent.host.check;

import dev.detent.host.job.DryRun;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.pipeline.QuantizedNodes;
import dev.detent.spi.graph.Node;
import dev.detent.spi.pass.Placement;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.operator.MultiplyAdds;
import java.util.List;
import java.util.Locale;

/**
 * What becomes of one node on one target.
 *
 * @param bits widest of its activations that are quantized; 0 for a node in float or on the shape side
 * @param reason why it is not quantized; empty for a quantized node
 * @param multiplyAdds for one sample; 0 for operators that do not multiply matrices
 */
public record NodeFate(String node, String opType, Kind kind, int bits, String reason, long multiplyAdds) {

    /** Where it runs. */
    public enum Kind {
        QUANTIZED,
        FLOAT,
        /** The target has no integer operator of this type. */
        UNSUPPORTED,
        SHAPE;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    static NodeFate of(Node n, DryRun run) {
        Pipeline.Result result = run.result();
        long products = MultiplyAdds.of(n, result.graph());
        if (result.placements().get(n.name()) == Placement.SHAPE) {
            return new NodeFate(n.name(), n.opType(), Kind.SHAPE, 0, "computes shapes or indices", products);
        }
        List<TensorQuantization> quantized = QuantizedNodes.quantized(result.configs(), n);
        if (!quantized.isEmpty()) {
            int bits = quantized.stream()
                    .filter(c -> !c.isInitializer())
                    .mapToInt(c -> c.scheme().bits())
                    .max()
                    .orElse(quantized.get(0).scheme().bits());
            return new NodeFate(n.name(), n.opType(), Kind.QUANTIZED, bits, "", products);
        }
        boolean supported = run.plan().target().supports(n, result.graph());
        return new NodeFate(
                n.name(),
                n.opType(),
                supported ? Kind.FLOAT : Kind.UNSUPPORTED,
                0,
                supported
                        ? reason(n, run)
                        : "no integer " + n.opType() + " of this form on the target"
                                + QuantizedNodes.whatItIs(n, run.plan()),
                products);
    }

    private static String reason(Node n, DryRun run) {
        return run.result().configs().isQuantized(n)
                ? QuantizedNodes.whyFloat(n, run.result().journal())
                : "the dispatcher '" + run.plan().plan().dispatcher() + "' leaves it in float";
    }
}
