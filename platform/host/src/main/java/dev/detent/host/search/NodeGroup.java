package dev.detent.host.search;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.quant.Quantization;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Nodes that a chip computes as one: a weighted node with the activation behind it, or a node alone. Between them no
 * quantization pays, so a search changes them together.
 *
 * @param nodes in the order of the graph; not empty
 */
public record NodeGroup(List<Node> nodes) {

    /** Copies the list. */
    public NodeGroup {
        nodes = List.copyOf(nodes);
    }

    /** Name of the first node, by which people know the group. */
    public String name() {
        return nodes.get(0).name();
    }

    /** The quantized nodes of a graph in groups, in the order of the graph. */
    public static List<NodeGroup> of(Graph graph, Quantization quantization) {
        Set<String> taken = new LinkedHashSet<>();
        List<NodeGroup> groups = new ArrayList<>();
        for (Node n : graph.nodes()) {
            if (!taken.contains(n.name()) && quantization.isQuantized(n)) {
                List<Node> group = new ArrayList<>(List.of(n));
                if (OperatorTable.is(n, Trait.WEIGHTED) && !graph.isOutput(n.output(0))) {
                    group.addAll(activation(n, graph));
                    group.removeIf(m -> taken.contains(m.name()) || !quantization.isQuantized(m));
                }
                group.forEach(m -> taken.add(m.name()));
                groups.add(new NodeGroup(group));
            }
        }
        return groups;
    }

    /** An activation that nothing else reads past: x -> Relu, or x -> x Sigmoid(x) as two nodes. */
    private static List<Node> activation(Node n, Graph graph) {
        Collection<Node> readers = graph.consumers(n.output(0));
        Optional<Node> function = readers.stream()
                .filter(r -> OperatorTable.is(r, Trait.ACTIVATION))
                .findFirst();
        if (function.isEmpty()) {
            return List.of();
        }
        if (readers.size() == 1) {
            return List.of(function.get());
        }
        Collection<Node> products = graph.consumers(function.get().output(0));
        return readers.size() == 2
                        && products.size() == 1
                        && products.iterator().next().is("Mul")
                        && readers.containsAll(products)
                        && !graph.isOutput(function.get().output(0))
                ? List.of(function.get(), products.iterator().next())
                : List.of();
    }
}
