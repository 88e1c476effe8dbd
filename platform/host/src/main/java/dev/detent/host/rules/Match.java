package dev.detent.host.rules;

import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Which slots a rule is about: those that every criterion given holds for. Of a list, one member is enough; an empty
 * list is no criterion. Immutable.
 *
 * @param types operator types, exactly as ONNX spells them
 * @param nodes patterns of node names, see {@link Glob}
 * @param tensors patterns of tensor names
 * @param words patterns whose kind is not said: of node names, if any node bears one; else a type, else tensor names
 * @param slots what the slot is to its node
 * @param between nodes on the way from some tensors to others
 */
public record Match(
        List<String> types,
        List<String> nodes,
        List<String> tensors,
        List<String> words,
        Set<SlotRole> slots,
        Optional<Between> between) {

    /**
     * Everything between tensors: nodes that the values of the first reach and that the last are computed from.
     *
     * @param from patterns of tensor names
     * @param to patterns of tensor names
     */
    public record Between(List<String> from, List<String> to) {
        /** Copies the lists. */
        public Between {
            from = List.copyOf(from);
            to = List.copyOf(to);
        }

        @Override
        public String toString() {
            return String.join(",", from) + ".." + String.join(",", to);
        }
    }

    /** Everything: to be narrowed. */
    public static final Match ANY = new Match(List.of(), List.of(), List.of(), List.of(), Set.of(), Optional.empty());

    /** Copies the collections. */
    public Match {
        types = List.copyOf(types);
        nodes = List.copyOf(nodes);
        tensors = List.copyOf(tensors);
        words = List.copyOf(words);
        slots = Set.copyOf(slots);
    }

    /** Nodes of one of these types. */
    public static Match type(String... types) {
        return new Match(List.of(types), List.of(), List.of(), List.of(), Set.of(), Optional.empty());
    }

    /** Nodes whose names match one of these patterns. */
    public static Match node(String... patterns) {
        return new Match(List.of(), List.of(patterns), List.of(), List.of(), Set.of(), Optional.empty());
    }

    /** Slots that carry a tensor whose name matches one of these patterns. */
    public static Match tensor(String... patterns) {
        return new Match(List.of(), List.of(), List.of(patterns), List.of(), Set.of(), Optional.empty());
    }

    /** The same match, of these slots only. */
    public Match at(SlotRole... roles) {
        return new Match(types, nodes, tensors, words, Set.of(roles), between);
    }

    /** The same match, of nodes between these tensors only. */
    public Match between(Collection<String> from, Collection<String> to) {
        return new Match(
                types, nodes, tensors, words, slots, Optional.of(new Between(List.copyOf(from), List.copyOf(to))));
    }

    boolean isEmpty() {
        return equals(ANY);
    }

    /** As a person would type it behind {@code --rule}. */
    @Override
    public String toString() {
        List<String> parts = new ArrayList<>();
        add(parts, "type:", types);
        add(parts, "node:", nodes);
        add(parts, "tensor:", tensors);
        add(parts, "", words);
        if (!slots.isEmpty()) {
            add(parts, "slot:", new TreeSet<>(EnumSet.copyOf(slots)));
        }
        between.ifPresent(b -> parts.add("between:" + b));
        return String.join(" ", parts);
    }

    private static void add(List<String> parts, String key, Collection<?> values) {
        if (!values.isEmpty()) {
            parts.add(key + values.stream().map(String::valueOf).collect(Collectors.joining(",")));
        }
    }
}
