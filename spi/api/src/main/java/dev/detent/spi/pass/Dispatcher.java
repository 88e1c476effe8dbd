package dev.detent.spi.pass;

import dev.detent.spi.ImplementedByPlugins;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import java.util.Map;
import java.util.function.Predicate;

/** A strategy that gives every node its side. Pure. */
@ImplementedByPlugins
public interface Dispatcher {

    String id();

    String summary();

    /**
     * @param supported the target can quantize the node's operator
     * @return a side for every node of the graph, by node name
     */
    Map<String, Placement> dispatch(Graph graph, Predicate<Node> supported);
}
