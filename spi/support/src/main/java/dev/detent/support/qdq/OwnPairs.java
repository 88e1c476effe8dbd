package dev.detent.support.qdq;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import java.util.List;
import java.util.Set;

/**
 * QuantizeLinear and DequantizeLinear nodes that a model had before it was quantized. They are part of what it
 * computes, so that a reader of the file must not take them for pairs that were inserted. Their scale's name says so:
 * names of nodes and values are those of the run's record, and other files in this form have arbitrary ones.
 */
final class OwnPairs {

    private static final String MARK = "_of_the_model";

    private static final Set<String> TYPES = Set.of("QuantizeLinear", "DequantizeLinear");

    private OwnPairs() {}

    /** Marks every such node of a graph in which none was inserted yet. */
    static void mark(GraphEditor edit) {
        Graph graph = edit.graph();
        List<Node> own = graph.nodes().stream()
                .filter(n -> TYPES.contains(n.opType()) && n.hasInput(1) && !isOwn(graph, n))
                .toList();
        own.forEach(n -> {
            Tensor scale = graph.initializer(n.input(1)).orElseThrow();
            String name = n.input(1) + MARK;
            // A file of Detent's that is quantized again has marked ones already, of other values under such names.
            while (graph.initializer(name)
                    .filter(t -> !t.bytes().equals(scale.bytes()))
                    .isPresent()) {
                name += MARK;
            }
            edit.initializer(name, scale).replace(n.withInput(1, name));
        });
        if (!own.isEmpty()) {
            edit.removeUnreadInitializers();
        }
    }

    /** Whether {@link #mark} met the node, or its scale is computed, as no inserted one is. */
    static boolean isOwn(Graph graph, Node n) {
        return n.hasInput(1) && (n.input(1).endsWith(MARK) || !graph.isInitializer(n.input(1)));
    }
}
