package dev.detent.passes.dispatching;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.pass.Dispatcher;
import dev.detent.spi.pass.Placement;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * PPQ's search-based strategies. They differ only in which nodes they take for quantized; the shape side and the
 * corrections afterwards are common (scheduler/dispatchers.py).
 */
final class SearchDispatcher implements Dispatcher {

    /** Which nodes are quantized. */
    enum Reach {
        CONSERVATIVE("conservative", "from computing operators downward as long as every operator can be quantized"),
        PPLNN("pplnn", "what lies between two convolutions"),
        AGGRESSIVE("aggressive", "everything downward of computing operators, whatever its type"),
        POINTWISE("pointwise", "the computing operators alone");

        private final String id;
        private final String summary;

        Reach(String id, String summary) {
            this.id = id;
            this.summary = summary;
        }
    }

    private final Reach reach;

    SearchDispatcher(Reach reach) {
        this.reach = reach;
    }

    @Override
    public String id() {
        return reach.id;
    }

    /** As PPQ misspells it. */
    @Override
    public Set<String> formerIds() {
        return reach == Reach.AGGRESSIVE ? Set.of("aggresive") : Set.of();
    }

    @Override
    public String summary() {
        return reach.summary;
    }

    @Override
    public Map<String, Placement> dispatch(Graph graph, Predicate<Node> supported) {
        List<Node> computing =
                graph.nodes().stream().filter(n -> PpqOperators.isComputing(n)).toList();
        Predicate<Node> shapeOrBoundary = n -> PpqOperators.endsValues(n) || ValueTracing.isBoundary(graph, n);
        Set<Node> extension =
                PathSearch.down(graph, computing, (a, b) -> ValueTracing.down(graph, a, b), shapeOrBoundary);
        Set<Node> quantized = quantized(graph, supported, computing, shapeOrBoundary);
        Set<Node> shapes = shapes(graph, quantized);

        Map<String, Placement> sides = new LinkedHashMap<>();
        for (Node n : graph.nodes()) {
            boolean shape = shapes.contains(n) && !extension.contains(n);
            sides.put(
                    n.name(), shape ? Placement.SHAPE : quantized.contains(n) ? Placement.QUANTIZED : Placement.FLOAT);
        }
        for (Node n : graph.nodes()) {
            if (PpqOperators.endsValues(n) || PpqOperators.isLinearActivation(n) && reach != Reach.POINTWISE) {
                Placement followed =
                        graph.producer(n.input(0)).map(p -> sides.get(p.name())).orElse(Placement.FLOAT);
                sides.put(n.name(), followed);
            }
        }
        return sides;
    }

    private Set<Node> quantized(
            Graph graph, Predicate<Node> supported, List<Node> computing, Predicate<Node> shapeOrBoundary) {
        Set<Node> found;
        switch (reach) {
            case POINTWISE -> found = new LinkedHashSet<>(computing);
            case AGGRESSIVE -> {
                found = PathSearch.down(graph, computing, (a, b) -> ValueTracing.down(graph, a, b), shapeOrBoundary);
                found.removeIf(n -> n.is("Shape"));
                return found;
            }
            case PPLNN ->
                found = PathSearch.down(
                        graph,
                        graph.nodes().stream().filter(n -> n.is("Conv")).toList(),
                        (a, b) -> supported.test(b) && ValueTracing.down(graph, a, b),
                        n -> n.is("Conv"));
            default ->
                found = PathSearch.down(
                        graph,
                        computing,
                        (a, b) -> ValueTracing.down(graph, a, b),
                        n -> !supported.test(n) || ValueTracing.isBoundary(graph, n));
        }
        found.removeIf(n -> !supported.test(n));
        return found;
    }

    private static Set<Node> shapes(Graph graph, Set<Node> quantized) {
        Set<Node> receivers = PpqOperators.receivers(graph);
        Predicate<Node> value = n -> quantized.contains(n) || PpqOperators.isComputing(n);
        Set<Node> shapes = new LinkedHashSet<>(receivers);
        List<Node> generators =
                graph.nodes().stream().filter(PpqOperators::generatesShapes).toList();
        Set<Node> forward = PathSearch.down(
                graph,
                generators,
                (a, b) -> ValueTracing.down(graph, a, b),
                n -> receivers.contains(n) || value.test(n) || ValueTracing.isBoundary(graph, n));
        forward.removeIf(value);
        shapes.addAll(forward);
        boolean grown = true;
        while (grown) {
            List<Node> starts = shapes.stream().filter(n -> !n.is("Shape")).toList();
            Set<Node> back = PathSearch.up(
                    graph,
                    starts,
                    (a, b) -> ValueTracing.up(graph, a, b),
                    n -> shapes.contains(n) || value.test(n) || ValueTracing.isBoundary(graph, n));
            back.removeIf(value);
            grown = shapes.addAll(back);
        }
        return shapes;
    }
}
