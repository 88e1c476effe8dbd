package dev.detent.backends.tensorrt;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Predicate;

/**
 * Which operand of a residual Add TensorRT fuses into the convolution before it. The operand that comes straight from a
 * weighted operator with no other consumer stays float, so that conv + add (+ ReLU) becomes one INT8 kernel; the other
 * one, the shortcut, is quantized. NVIDIA, "Working with quantized types", Q/DQ placement; modelopt's partitioning
 * takes the longer of two such branches.
 */
final class ResidualFusion {

    private final Graph graph;
    private final Predicate<Node> kernel;
    private final Map<String, Integer> depths = new HashMap<>();

    /** @param kernel whether a weighted operator becomes a kernel that an Add can join */
    ResidualFusion(Graph graph, Predicate<Node> kernel) {
        this.graph = graph;
        this.kernel = kernel;
    }

    /** Longest way from an input, of every node; worked out when two branches first compete. */
    private int depth(Node node) {
        if (depths.isEmpty()) {
            measure();
        }
        return Objects.requireNonNull(depths.get(node.name()));
    }

    private void measure() {
        for (Node n : graph.nodes()) {
            int depth = graph.upstream(n).stream()
                    .mapToInt(p -> depths.getOrDefault(p.name(), 0))
                    .max()
                    .orElse(0);
            depths.put(n.name(), depth + 1);
        }
    }

    /** The operand that stays float; empty when the Add cannot fuse with a convolution. */
    OptionalInt fused(Node add) {
        Optional<Node> first = branch(add, 0);
        Optional<Node> second = branch(add, 1);
        if (first.isPresent() && second.isPresent()) {
            return OptionalInt.of(depth(second.get()) > depth(first.get()) ? 1 : 0);
        }
        return first.isPresent() ? OptionalInt.of(0) : second.isPresent() ? OptionalInt.of(1) : OptionalInt.empty();
    }

    private Optional<Node> branch(Node add, int index) {
        return graph.producer(add.input(index))
                .filter(p -> OperatorTable.is(p, Trait.WEIGHTED)
                        && kernel.test(p)
                        && graph.consumers(add.input(index)).size() == 1
                        && !graph.isOutput(add.input(index)));
    }

    /** An Add of two computed tensors, as opposed to a constant bias. */
    boolean isResidual(Node add) {
        return add.is("Add")
                && graph.producer(add.input(0)).isPresent()
                && graph.producer(add.input(1)).isPresent()
                && !add.input(0).equals(add.input(1));
    }
}
