package dev.detent.support.operator;

import dev.detent.spi.Experimental;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.support.graph.TransposedTensor;
import java.util.Arrays;

/**
 * A constant matrix of which a Gather takes rows by indices that come with the data: the embeddings of tokens or
 * positions. Much of a small text model lies in such tables, and a run reads a few rows of them.
 */
@Experimental(since = "1.0")
public final class EmbeddingTable {

    /** In elements; smaller ones are not worth the nodes that decode them. */
    private static final int WORTH = 1024;

    private EmbeddingTable() {}

    /** Whether {@code node} takes rows of such a table, its input 0. */
    public static boolean isReadBy(Node node, Graph graph) {
        return node.is("Gather")
                && node.intAttribute("axis", 0) == 0
                && !graph.isInitializer(node.input(1))
                && graph.initializer(node.input(0))
                        .filter(t -> t.type() == ElementType.FLOAT && t.rank() == 2 && t.elementCount() >= WORTH)
                        .isPresent();
    }

    /**
     * Whether a weighted operator has the same matrix, as it is or transposed: one in the file where codes are alike.
     */
    public static boolean isTied(Node reader, Graph graph) {
        Tensor table = graph.initializer(reader.input(0)).orElseThrow();
        return graph.nodes().stream()
                .filter(n -> OperatorTable.is(n, Trait.WEIGHTED))
                .flatMap(n -> graph.initializer(n.input(1)).stream())
                .filter(w -> w.type() == ElementType.FLOAT && w.rank() == 2)
                .anyMatch(
                        w -> Arrays.equals(w.dims(), table.dims()) && w.bytes().equals(table.bytes())
                                || TransposedTensor.isOf(table, w));
    }
}
