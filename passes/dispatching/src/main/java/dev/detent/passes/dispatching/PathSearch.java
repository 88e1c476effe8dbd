package dev.detent.passes.dispatching;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Nodes on the paths that start somewhere, go on while a relay condition holds and end at an end point (PPQ's
 * opset_matching). A path that reaches no end point does not count; a start node counts only when one of its paths
 * does.
 */
final class PathSearch {

    private final Function<Node, Set<Node>> next;
    private final BiPredicate<Node, Node> relay;
    private final Predicate<Node> end;
    private final Map<String, Boolean> succeeds = new HashMap<>();
    private final Set<Node> found = new LinkedHashSet<>();

    private PathSearch(Function<Node, Set<Node>> next, BiPredicate<Node, Node> relay, Predicate<Node> end) {
        this.next = next;
        this.relay = relay;
        this.end = end;
    }

    static Set<Node> down(Graph graph, Collection<Node> starts, BiPredicate<Node, Node> relay, Predicate<Node> end) {
        return new PathSearch(graph::downstream, relay, end).search(starts);
    }

    static Set<Node> up(Graph graph, Collection<Node> starts, BiPredicate<Node, Node> relay, Predicate<Node> end) {
        return new PathSearch(graph::upstream, relay, end).search(starts);
    }

    private Set<Node> search(Collection<Node> starts) {
        for (Node s : starts) {
            if (succeeds(s)) {
                found.add(s);
                collect(s, new LinkedHashSet<>());
            }
        }
        return found;
    }

    private boolean succeeds(Node node) {
        Boolean known = succeeds.get(node.name());
        if (known != null) {
            return known;
        }
        succeeds.put(node.name(), false);
        boolean any = next.apply(node).stream().anyMatch(n -> end.test(n) || relay.test(node, n) && succeeds(n));
        succeeds.put(node.name(), any);
        return any;
    }

    private void collect(Node node, Set<Node> seen) {
        for (Node n : next.apply(node)) {
            if (end.test(n)) {
                found.add(n);
            } else if (relay.test(node, n) && succeeds(n) && seen.add(n)) {
                found.add(n);
                collect(n, seen);
            }
        }
    }
}
