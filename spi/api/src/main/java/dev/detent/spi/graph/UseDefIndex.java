package dev.detent.spi.graph;

import dev.detent.spi.graph.Graph.Use;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;

/**
 * Who makes and who reads each value. It follows the edits of its graph: making it anew costs as much as the graph is
 * large, and passes edit and look in turns. Lists that it has handed out do not change.
 */
final class UseDefIndex {

    private final Map<String, Node> producers = new HashMap<>();
    private final Map<String, List<Use>> uses = new HashMap<>();
    private final Map<String, List<Node>> captures = new HashMap<>();
    /** Where a node stands in the order, by name; numbers may be missing. */
    private final Map<String, Integer> places = new HashMap<>();

    private int end;
    /**
     * Two nodes make one value, as may be in the middle of an edit; the later counts. What will be when one of them
     * goes cannot be told.
     */
    private boolean ambiguous;

    UseDefIndex(Collection<Node> nodes) {
        for (Node n : nodes) {
            places.put(n.name(), end++);
            produce(n);
            for (int i = 0; i < n.inputs().size(); i++) {
                if (n.hasInput(i)) {
                    uses.computeIfAbsent(n.input(i), k -> new ArrayList<>()).add(new Use(n, i));
                }
            }
            n.capturedValues()
                    .forEach(c ->
                            captures.computeIfAbsent(c, k -> new ArrayList<>()).add(n));
        }
    }

    Optional<Node> producer(String value) {
        return Optional.ofNullable(producers.get(value));
    }

    /** In node order. */
    List<Use> uses(String value) {
        return uses.getOrDefault(value, List.of());
    }

    /** In node order. */
    List<Node> captures(String value) {
        return captures.getOrDefault(value, List.of());
    }

    /**
     * A node stands at the end now.
     *
     * @return false when this wiring is of no more use
     */
    boolean added(Node n) {
        places.put(n.name(), end++);
        enter(n);
        return !ambiguous;
    }

    /** A node is gone; false as above. */
    boolean removed(Node n) {
        leave(n);
        places.remove(n.name());
        return !ambiguous;
    }

    /** A node stands where that of the same name stood; false as above. */
    boolean replaced(Node before, Node n) {
        leave(before);
        enter(n);
        return !ambiguous;
    }

    private void produce(Node n) {
        for (String o : n.outputs()) {
            ambiguous |= !o.isEmpty() && producers.put(o, n) != null;
        }
    }

    private void enter(Node n) {
        produce(n);
        for (int i = 0; i < n.inputs().size(); i++) {
            if (n.hasInput(i)) {
                uses.merge(
                        n.input(i),
                        List.of(new Use(n, i)),
                        (all, one) ->
                                with(all, one.get(0), u -> places.get(u.node().name())));
            }
        }
        n.capturedValues()
                .forEach(c -> captures.merge(c, List.of(n), (all, one) -> with(all, n, u -> places.get(u.name()))));
    }

    private void leave(Node n) {
        n.outputs().forEach(producers::remove);
        n.inputs()
                .forEach(v -> uses.computeIfPresent(
                        v, (k, all) -> without(all, u -> u.node().name().equals(n.name()))));
        n.capturedValues()
                .forEach(v -> captures.computeIfPresent(
                        v, (k, all) -> without(all, u -> u.name().equals(n.name()))));
    }

    /** Behind all that stand before it or at the same place: the inputs of a node come in their order. */
    private static <T> List<T> with(List<T> all, T one, ToIntFunction<T> place) {
        List<T> more = new ArrayList<>(all);
        int at = more.size();
        while (at > 0 && place.applyAsInt(more.get(at - 1)) > place.applyAsInt(one)) {
            at--;
        }
        more.add(at, one);
        return more;
    }

    private static <T> List<T> without(List<T> all, Predicate<T> gone) {
        return all.stream().filter(gone.negate()).toList();
    }
}
