package dev.detent.passes.dispatching;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.pass.Dispatcher;
import dev.detent.spi.pass.Placement;
import dev.detent.support.graph.GraphWalk;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Everything that is connected by value to a computing operator is quantized; everything connected to shapes and
 * indices is not. PPQ's default (the Perseus class of 0.6.5.1).
 */
final class PerseusDispatcher implements Dispatcher {

    @Override
    public String id() {
        return "perseus";
    }

    /** As PPQ misspells it. */
    @Override
    public Set<String> formerIds() {
        return Set.of("pursus");
    }

    @Override
    public String summary() {
        return "quantize whatever is connected by value to a computing operator (PPQ 0.6.5's default)";
    }

    @Override
    public Map<String, Placement> dispatch(Graph graph, Predicate<Node> supported) {
        Map<String, Set<Node>> neighbours = neighbours(graph);
        Set<Node> computing = new LinkedHashSet<>();
        Set<Node> shapes = new LinkedHashSet<>();
        for (Node n : graph.nodes()) {
            PpqOperators.Socket socket = PpqOperators.socket(n);
            if (PpqOperators.isComputing(n)) {
                computing.add(n);
            }
            for (int i = 0; i < n.inputs().size(); i++) {
                if (socket.input(i) != PpqOperators.Kind.VALUE) {
                    graph.producer(n.input(i)).ifPresent(shapes::add);
                }
            }
            for (int o = 0; o < n.outputs().size(); o++) {
                if (socket.output(o) != PpqOperators.Kind.VALUE) {
                    for (Graph.Use u : graph.uses(n.output(o))) {
                        if (PpqOperators.socket(u.node()).input(u.index()) == PpqOperators.Kind.VALUE) {
                            shapes.add(u.node());
                        }
                    }
                }
            }
        }
        Set<Node> values = closure(computing, neighbours);
        Set<Node> shapeSide = closure(shapes, neighbours);
        Map<String, Placement> sides = new LinkedHashMap<>();
        for (Node n : graph.nodes()) {
            boolean value = values.contains(n);
            Placement side = shapeSide.contains(n)
                    ? (value ? Placement.FLOAT : Placement.SHAPE)
                    : (value ? Placement.QUANTIZED : Placement.FLOAT);
            for (int o = 0; o < n.outputs().size(); o++) {
                PpqOperators.Kind kind = PpqOperators.socket(n).output(o);
                if (kind != PpqOperators.Kind.VALUE) {
                    side = kind == PpqOperators.Kind.LOGICAL ? Placement.FLOAT : Placement.SHAPE;
                    break;
                }
            }
            sides.put(n.name(), side);
        }
        return sides;
    }

    /** Value links in both directions. */
    private static Map<String, Set<Node>> neighbours(Graph graph) {
        Map<String, Set<Node>> links = new LinkedHashMap<>();
        for (Node n : graph.nodes()) {
            List<String> sources = new ArrayList<>(n.capturedValues());
            for (int i = 0; i < n.inputs().size(); i++) {
                if (PpqOperators.socket(n).links(i)) {
                    sources.add(n.input(i));
                }
            }
            for (String s : sources) {
                graph.producer(s).ifPresent(p -> {
                    links.computeIfAbsent(n.name(), k -> new LinkedHashSet<>()).add(p);
                    links.computeIfAbsent(p.name(), k -> new LinkedHashSet<>()).add(n);
                });
            }
        }
        return links;
    }

    private static Set<Node> closure(Set<Node> sources, Map<String, Set<Node>> neighbours) {
        return GraphWalk.reach(sources, n -> neighbours.getOrDefault(n.name(), Set.of()));
    }
}
