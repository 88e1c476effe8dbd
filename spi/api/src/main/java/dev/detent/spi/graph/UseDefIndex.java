package dev.detent.spi.graph;

import dev.detent.spi.graph.Graph.Use;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Who makes and who reads each value. It follows the edits of its graph: making it anew costs as much as the graph is
 * large, and passes edit and look in turns. Lists that it has handed out do not change.
 */
final class UseDefIndex {

    private static final int MANY = 16;

    private final Map<String, Node> producers = new HashMap<>();
    private final Map<String, Readers<Use>> uses = new HashMap<>();
    private final Map<String, Readers<Node>> captures = new HashMap<>();
    /** Consumers of values that have many: each of them may ask for all of them. */
    private final Map<String, Set<Node>> crowds = new ConcurrentHashMap<>();
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
            enter(n);
        }
    }

    Optional<Node> producer(String value) {
        return Optional.ofNullable(producers.get(value));
    }

    /** In node order. */
    List<Use> uses(String value) {
        Readers<Use> readers = uses.get(value);
        return readers == null ? List.of() : readers.list();
    }

    /** In node order. */
    List<Node> captures(String value) {
        Readers<Node> readers = captures.get(value);
        return readers == null ? List.of() : readers.list();
    }

    /** Distinct nodes that read a value through an input, in node order, then those that capture it. */
    Set<Node> consumers(String value) {
        List<Use> explicit = uses(value);
        return explicit.size() < MANY
                ? distinct(explicit, value)
                : crowds.computeIfAbsent(value, v -> distinct(explicit, v));
    }

    private Set<Node> distinct(List<Use> explicit, String value) {
        Set<Node> distinct = new LinkedHashSet<>();
        explicit.forEach(u -> distinct.add(u.node()));
        distinct.addAll(captures(value));
        return Collections.unmodifiableSet(distinct);
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

    private void enter(Node n) {
        for (String o : n.outputs()) {
            ambiguous |= !o.isEmpty() && producers.put(o, n) != null;
        }
        int place = Objects.requireNonNull(places.get(n.name()));
        for (int i = 0; i < n.inputs().size(); i++) {
            if (n.hasInput(i)) {
                crowds.remove(n.input(i));
                uses.computeIfAbsent(n.input(i), k -> new Readers<>()).put(place, i, new Use(n, i));
            }
        }
        for (String c : n.capturedValues()) {
            crowds.remove(c);
            captures.computeIfAbsent(c, k -> new Readers<>()).put(place, 0, n);
        }
    }

    private void leave(Node n) {
        n.outputs().forEach(producers::remove);
        int place = Objects.requireNonNull(places.get(n.name()));
        for (int i = 0; i < n.inputs().size(); i++) {
            crowds.remove(n.input(i));
            Readers<Use> readers = uses.get(n.input(i));
            if (readers != null) {
                readers.remove(place, i);
            }
        }
        for (String c : n.capturedValues()) {
            crowds.remove(c);
            Readers<Node> readers = captures.get(c);
            if (readers != null) {
                readers.remove(place, 0);
            }
        }
    }

    /**
     * Who reads one value, in node order, then in the order of a node's inputs. Of a value that ten thousand nodes read
     * none is looked at but the one that comes or goes.
     */
    private static final class Readers<T> {
        private final SortedMap<Long, T> byPlace = new TreeMap<>();
        /** As last handed out; made by whichever thread comes first, and the same whoever does. */
        private @Nullable List<T> list;

        void put(int place, int input, T reader) {
            byPlace.put(key(place, input), reader);
            list = null;
        }

        void remove(int place, int input) {
            byPlace.remove(key(place, input));
            list = null;
        }

        List<T> list() {
            List<T> current = list;
            if (current == null) {
                current = List.copyOf(byPlace.values());
                list = current;
            }
            return current;
        }

        private static long key(int place, int input) {
            return (long) place << Integer.SIZE | input;
        }
    }
}
