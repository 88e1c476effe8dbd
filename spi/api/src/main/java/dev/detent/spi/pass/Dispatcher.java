package dev.detent.spi.pass;

import dev.detent.spi.ImplementedByPlugins;
import dev.detent.spi.Stable;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** A strategy that gives every node its side. Pure. */
@Stable(since = "1.0")
@ImplementedByPlugins
public interface Dispatcher {

    /** Lower-case word, unique among all plugins. */
    String id();

    /** Ids under which it was known before: deprecated, understood wherever the id is, shown nowhere. */
    default Set<String> formerIds() {
        return Set.of();
    }

    /** One line for {@code detent passes}. */
    String summary();

    /**
     * @param supported the target can quantize the node's operator
     * @return a side for every node of the graph, by node name
     */
    Map<String, Placement> dispatch(Graph graph, Predicate<Node> supported);
}
