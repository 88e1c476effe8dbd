package dev.detent.passes.dispatching;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.support.graph.GraphWalk;
import dev.detent.support.graph.MemoizedGraphQuery;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
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
    private final MemoizedGraphQuery<Node, Boolean> succeeds;

    private PathSearch(Function<Node, Set<Node>> next, BiPredicate<Node, Node> relay, Predicate<Node> end) {
        this.next = next;
        this.relay = relay;
        this.end = end;
        this.succeeds = new MemoizedGraphQuery<>(
                this::relays,
                (node, known) -> next.apply(node).stream().anyMatch(end)
                        || relays(node).stream().anyMatch(known::apply));
    }

    static Set<Node> down(Graph graph, Collection<Node> starts, BiPredicate<Node, Node> relay, Predicate<Node> end) {
        return new PathSearch(graph::downstream, relay, end).search(starts);
    }

    static Set<Node> up(Graph graph, Collection<Node> starts, BiPredicate<Node, Node> relay, Predicate<Node> end) {
        return new PathSearch(graph::upstream, relay, end).search(starts);
    }

    private Set<Node> search(Collection<Node> starts) {
        List<Node> leading = starts.stream().filter(succeeds::of).toList();
        Set<Node> passed = GraphWalk.reach(
                leading, n -> relays(n).stream().filter(succeeds::of).toList());
        Set<Node> found = new LinkedHashSet<>(passed);
        for (Node n : passed) {
            next.apply(n).stream().filter(end).forEach(found::add);
        }
        return found;
    }

    /** Where a path goes on. */
    private List<Node> relays(Node node) {
        return next.apply(node).stream()
                .filter(n -> !end.test(n) && relay.test(node, n))
                .toList();
    }
}
