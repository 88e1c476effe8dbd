package dev.detent.passes.refinement;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.pass.PassContext;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Makes initializers of what depends on constants alone: a bias behind an Identity, as torch writes parameters that are
 * equal, a weight that is transposed or cast first. Rules and passes look for initializers.
 */
final class FoldConstants {

    /** Larger results stay computed where they take more room than what they are made of. */
    private static final long LARGE = 1 << 20;

    private FoldConstants() {}

    static void apply(PassContext context) {
        GraphEditor edit = context.editor();
        Graph graph = edit.graph();
        Set<Node> constant = new LinkedHashSet<>();
        Set<String> values = new LinkedHashSet<>(graph.initializers().keySet());
        for (Node n : graph.nodes()) {
            if (!n.inputs().isEmpty()
                    && !n.hasSubgraph()
                    && n.inputs().stream().allMatch(i -> i.isEmpty() || values.contains(i))) {
                constant.add(n);
                values.addAll(n.outputs());
            }
        }
        for (Node n : constant) {
            for (String v : n.outputs()) {
                List<Graph.Use> uses = graph.uses(v).stream()
                        .filter(u -> !constant.contains(u.node()))
                        .toList();
                if (!uses.isEmpty()) {
                    context.constant(v)
                            .filter(t -> t.bytes().remaining() <= Math.max(LARGE, size(graph, n)))
                            .ifPresent(t -> fold(edit, uses, v, t));
                }
            }
        }
        List<Node> unread = new ArrayList<>(constant);
        for (int i = unread.size() - 1; i >= 0; i--) {
            Node n = unread.get(i);
            if (graph.downstream(n).isEmpty() && n.outputs().stream().noneMatch(graph::isOutput)) {
                edit.remove(n);
            }
        }
        if (!constant.isEmpty()) {
            edit.removeUnreadInitializers();
        }
    }

    private static long size(Graph graph, Node n) {
        return n.inputs().stream()
                .map(graph::initializer)
                .flatMap(Optional::stream)
                .mapToLong(t -> t.bytes().remaining())
                .sum();
    }

    /** Every reader has its own, as parameters do. */
    private static void fold(GraphEditor edit, List<Graph.Use> uses, String value, Tensor tensor) {
        for (Graph.Use u : uses) {
            String name = edit.freshName(value + "_folded");
            edit.initializer(name, tensor);
            edit.replace(edit.graph().node(u.node().name()).orElseThrow().withInput(u.index(), name));
        }
    }
}
