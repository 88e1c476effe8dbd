package dev.detent.backends.onnxruntime;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.support.operator.Operators;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.IntStream;

/**
 * Among convolutions everything is worth being integer: a tensor stays in 8 bits from one to the next. Among matrix
 * products (attention, layer norm, embeddings) only the products are: what lies between is cheap in float, and its
 * outliers are what 8 bits cannot hold.
 */
final class ConvolutionContext {

    private ConvolutionContext() {}

    /** The weighted operators before it, or where there is none those behind it, are no matrix products. */
    static boolean areConvolutions(Node node, Graph graph) {
        Set<Node> around = nearest(node, Graph::upstream, graph);
        if (around.isEmpty()) {
            around = nearest(node, Graph::downstream, graph);
        }
        return around.stream().noneMatch(n -> n.is("MatMul"));
    }

    /** Which input of an Add is the bias of the matrix product in front of it. */
    static OptionalInt productWithBias(Node add, Graph graph) {
        return !add.is("Add")
                ? OptionalInt.empty()
                : IntStream.of(0, 1)
                        .filter(bias -> {
                            Node product = graph.producer(add.input(1 - bias))
                                    .filter(p -> p.is("MatMul"))
                                    .orElse(add);
                            Optional<Tensor> weight =
                                    graph.initializer(product.input(1)).filter(w -> w.rank() == 2);
                            return product != add
                                    && weight.isPresent()
                                    && graph.consumers(product.output(0)).size() == 1
                                    && !graph.isOutput(product.output(0))
                                    && graph.initializer(add.input(bias))
                                            .filter(b -> b.type() == ElementType.FLOAT && b.rank() == 1)
                                            .filter(b ->
                                                    b.dim(0) == weight.get().dim(1))
                                            .isPresent();
                        })
                        .findFirst();
    }

    /** The first weighted operators in one direction. */
    private static Set<Node> nearest(Node node, BiFunction<Graph, Node, Set<Node>> next, Graph graph) {
        Set<Node> found = new HashSet<>();
        Set<String> seen = new HashSet<>();
        Deque<Node> queue = new ArrayDeque<>(next.apply(graph, node));
        while (!queue.isEmpty()) {
            Node n = queue.remove();
            if (n.isOneOf(Operators.WEIGHTED)) {
                found.add(n);
            } else if (seen.add(n.name())) {
                queue.addAll(next.apply(graph, n));
            }
        }
        return found;
    }
}
