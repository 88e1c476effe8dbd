package dev.detent.support.graph;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Function;

/**
 * Who is reached from where: {@code GraphWalk.reach(starts, graph::downstream)}. Every item is looked at once, and no
 * call goes deeper with the graph.
 */
public final class GraphWalk {

    private GraphWalk() {}

    /** The starts and all that {@code next} leads to, step after step; the nearest come first. */
    public static <T> Set<T> reach(Collection<? extends T> starts, Function<? super T, ? extends Collection<T>> next) {
        Set<T> reached = new LinkedHashSet<>(starts);
        Deque<T> open = new ArrayDeque<>(reached);
        while (!open.isEmpty()) {
            for (T n : next.apply(open.remove())) {
                if (reached.add(n)) {
                    open.add(n);
                }
            }
        }
        return reached;
    }
}
