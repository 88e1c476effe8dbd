package dev.detent.passes.refinement;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.kernel.IntegerIslands;
import dev.detent.support.kernel.KernelTable;
import dev.detent.support.operator.MultiplyAdds;
import java.util.Optional;
import java.util.Set;

/** Multiply-adds that the target computes in integers, and how many of them may be given up. */
final class IntegerWork {

    private final PassContext context;
    private final Optional<KernelTable> table;
    private final double all;
    private final double share;

    /** @param share of all of them that may be given up */
    IntegerWork(PassContext context, double share) {
        this.context = context;
        this.table = KeepIslands.table(context);
        this.share = share;
        this.all = Math.max(1, multiplyAdds(Set.of()));
    }

    /** The share of the work that some float configs make float work; 0 where nothing is known of the target. */
    double given(Set<TensorQuantization> floats) {
        return (all - multiplyAdds(floats)) / all;
    }

    boolean allows(Set<TensorQuantization> floats) {
        return share >= 1 || given(floats) <= share;
    }

    private double multiplyAdds(Set<TensorQuantization> floats) {
        Graph graph = context.graph();
        return table
                .map(t -> IntegerIslands.integerNodes(
                        graph, context.quantization(), t, KeepIslands.prefer(context), floats))
                .orElse(Set.of())
                .stream()
                .mapToDouble(n -> MultiplyAdds.of(n, graph))
                .sum();
    }
}
