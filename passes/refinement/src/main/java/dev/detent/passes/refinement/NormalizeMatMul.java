package dev.detent.passes.refinement;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Gives a MatMul with a constant [1, K, N] the matrix [K, N]: the same product, whose output channels can have scales
 * of their own. The other operand must have as many dimensions, or the output would lose one.
 */
final class NormalizeMatMul {

    private NormalizeMatMul() {}

    static void apply(GraphEditor edit, Node product) {
        Graph graph = edit.graph();
        Optional<Tensor> stack = graph.initializer(product.input(1)).filter(w -> w.rank() > 2);
        int rank = graph.valueInfo(product.input(0))
                .flatMap(ValueInfo::shape)
                .map(List::size)
                .orElse(0);
        if (stack.isEmpty() || rank < stack.get().rank()) {
            return;
        }
        long[] dims = stack.get().dims();
        long[] matrix = Arrays.copyOfRange(dims, dims.length - 2, dims.length);
        if (Tensor.count(matrix) != Tensor.count(dims)) {
            return;
        }
        String name = edit.freshName(product.input(1) + "_matrix");
        edit.initializer(name, Tensor.of(stack.get().type(), matrix, stack.get().bytes()));
        edit.replace(product.withInput(1, name)).removeUnreadInitializers();
    }
}
