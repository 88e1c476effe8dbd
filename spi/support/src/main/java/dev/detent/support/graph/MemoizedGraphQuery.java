package dev.detent.support.graph;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;

/**
 * A question whose answer for a node or value follows from the answers for its neighbours on one side, such as "does it
 * depend on constants alone?". Answers are kept, so diamonds cost no more than chains, and no call goes deeper with the
 * graph. For one thread and a graph that nobody edits meanwhile.
 *
 * @param <T> what is asked about
 * @param <A> the answer
 */
public final class MemoizedGraphQuery<T, A> {

    /** Answers for one item. */
    @FunctionalInterface
    public interface Rule<T, A> {
        /** @param known the answers for the neighbours that were asked for */
        A answer(T item, Function<T, A> known);
    }

    private final Function<T, ? extends Collection<T>> neighbours;
    private final Rule<T, A> rule;
    private final Map<T, A> known = new HashMap<>();

    /**
     * @param neighbours those whose answers the rule wants to see
     * @param rule works the answer out
     */
    public MemoizedGraphQuery(Function<T, ? extends Collection<T>> neighbours, Rule<T, A> rule) {
        this.neighbours = neighbours;
        this.rule = rule;
    }

    /** The answer for an item, and on the way those for all it follows from. */
    public A of(T item) {
        Deque<T> open = new ArrayDeque<>(List.of(item));
        Set<T> begun = new HashSet<>();
        while (!open.isEmpty()) {
            T next = open.peek();
            List<T> missing = known.containsKey(next)
                    ? List.of()
                    : neighbours.apply(next).stream()
                            .filter(n -> !known.containsKey(n))
                            .toList();
            if (missing.isEmpty()) {
                open.pop();
                if (!known.containsKey(next)) {
                    known.put(next, rule.answer(next, known::get));
                }
            } else if (begun.add(next)) {
                missing.forEach(open::push);
            } else {
                throw new IllegalStateException(
                        "the answer for " + next + " follows from itself: the graph has a cycle");
            }
        }
        return Objects.requireNonNull(known.get(item));
    }
}
