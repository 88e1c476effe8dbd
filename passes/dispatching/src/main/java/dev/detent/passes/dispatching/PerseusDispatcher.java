package dev.detent.passes.dispatching;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.pass.Dispatcher;
import dev.detent.spi.pass.Placement;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Everything that is connected by value to a computing operator is quantized; everything connected to shapes and
 * indices is not. PPQ's default ('pursus', the Perseus class of 0.6.5.1).
 */
final class PerseusDispatcher implements Dispatcher {

    @Override
    public String id() {
        return "pursus";
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
            OperatorSignatures.Socket socket = OperatorSignatures.of(n);
            if (n.isOneOf(Operators.COMPUTING)) {
                computing.add(n);
            }
            for (int i = 0; i < n.inputs().size(); i++) {
                if (socket.input(i) != OperatorSignatures.Kind.VALUE) {
                    graph.producer(n.input(i)).ifPresent(shapes::add);
                }
            }
            for (int o = 0; o < n.outputs().size(); o++) {
                if (socket.output(o) != OperatorSignatures.Kind.VALUE) {
                    for (Graph.Use u : graph.uses(n.output(o))) {
                        if (OperatorSignatures.of(u.node()).input(u.index()) == OperatorSignatures.Kind.VALUE) {
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
                OperatorSignatures.Kind kind = OperatorSignatures.of(n).output(o);
                if (kind != OperatorSignatures.Kind.VALUE) {
                    side = kind == OperatorSignatures.Kind.LOGICAL ? Placement.FLOAT : Placement.SHAPE;
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
                if (OperatorSignatures.of(n).links(i)) {
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
        Set<Node> reached = new LinkedHashSet<>(sources);
        Deque<Node> queue = new ArrayDeque<>(sources);
        while (!queue.isEmpty()) {
            for (Node next : neighbours.getOrDefault(queue.remove().name(), Set.of())) {
                if (reached.add(next)) {
                    queue.add(next);
                }
            }
        }
        return reached;
    }
}
