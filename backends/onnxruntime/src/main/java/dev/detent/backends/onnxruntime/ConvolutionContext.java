package dev.detent.backends.onnxruntime;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.support.graph.MemoizedGraphQuery;
import dev.detent.support.graph.PerGraph;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Among convolutions everything is worth being integer: a tensor stays in 8 bits from one to the next. Among matrix
 * products (attention, layer norm, embeddings) only the products are: what lies between is cheap in float, and its
 * outliers are what 8 bits cannot hold.
 */
final class ConvolutionContext {

    /** The first weighted operators that a node meets in one direction. */
    private enum Met {
        NONE,
        CONVOLUTIONS,
        MATRIX_PRODUCTS;

        Met and(Met other) {
            return compareTo(other) > 0 ? this : other;
        }
    }

    private static final PerGraph<Set<String>> AMONG_PRODUCTS = new PerGraph<>(ConvolutionContext::amongProducts);

    private ConvolutionContext() {}

    /** The weighted operators before it, or where there is none those behind it, are no matrix products. */
    static boolean areConvolutions(Node node, Graph graph) {
        return !AMONG_PRODUCTS.of(graph).contains(node.name());
    }

    private static Set<String> amongProducts(Graph graph) {
        MemoizedGraphQuery<Node, Met> before = met(graph::upstream);
        MemoizedGraphQuery<Node, Met> behind = met(graph::downstream);
        return graph.nodes().stream()
                .filter(n -> (before.of(n) == Met.NONE ? behind : before).of(n) == Met.MATRIX_PRODUCTS)
                .map(Node::name)
                .collect(Collectors.toUnmodifiableSet());
    }

    private static MemoizedGraphQuery<Node, Met> met(Function<Node, Set<Node>> next) {
        return new MemoizedGraphQuery<>(
                n -> next.apply(n).stream()
                        .filter(m -> !OperatorTable.is(m, Trait.WEIGHTED))
                        .toList(),
                (n, known) -> next.apply(n).stream()
                        .map(m -> m.is("MatMul")
                                ? Met.MATRIX_PRODUCTS
                                : OperatorTable.is(m, Trait.WEIGHTED) ? Met.CONVOLUTIONS : known.apply(m))
                        .reduce(Met.NONE, Met::and));
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
}
