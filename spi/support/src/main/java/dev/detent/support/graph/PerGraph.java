package dev.detent.support.graph;

import dev.detent.spi.graph.Graph;
import java.lang.ref.WeakReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What is worked out from a whole graph and asked for at each of its nodes: kept until the graph changes or another one
 * is asked about. Any thread may ask; the graph itself is not held.
 *
 * @param <T> immutable, and without a way back to the graph
 */
public final class PerGraph<T> {

    private record Known<T>(WeakReference<Graph> graph, int revision, T value) {}

    private final Function<Graph, T> work;
    private volatile @Nullable Known<T> known;

    /** @param work computes the value; called again whenever the graph has changed */
    public PerGraph(Function<Graph, T> work) {
        this.work = work;
    }

    /** The value for a graph as it is now. */
    public T of(Graph graph) {
        Known<T> last = known;
        if (last != null && last.graph().refersTo(graph) && last.revision() == graph.revision()) {
            return last.value();
        }
        Known<T> now = new Known<>(new WeakReference<>(graph), graph.revision(), work.apply(graph));
        known = now;
        return now.value();
    }
}
