package dev.detent.spi.backend;

import dev.detent.spi.ImplementedByPlugins;
import dev.detent.spi.Stable;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;

/** A target's rules. Pure: same node, same rule; the graph is only read. */
@Stable(since = "1.0")
@ImplementedByPlugins
@FunctionalInterface
public interface Rules {

    /** The rule of a node that the target supports and the dispatcher gave to it. */
    NodeRule rule(Node node, Graph graph);
}
