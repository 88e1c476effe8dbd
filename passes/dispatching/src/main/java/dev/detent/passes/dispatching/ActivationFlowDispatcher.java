package dev.detent.passes.dispatching;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.pass.Dispatcher;
import dev.detent.spi.pass.Placement;
import dev.detent.support.graph.GraphWalk;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Quantizes what activations flow through on their way to or from a computing operator. An activation is a float value
 * that depends on what the network is fed, and not on its shape alone. Where shapes meet activations (a scale worked
 * out from a dimension, boxes that become indices), the activations go on being quantized, while
 * {@link PerseusDispatcher} leaves all that is connected float.
 */
final class ActivationFlowDispatcher implements Dispatcher {

    @Override
    public String id() {
        return "activations";
    }

    @Override
    public String summary() {
        return "quantize what activations flow through; arithmetic on shapes and indices stays apart";
    }

    @Override
    public Map<String, Placement> dispatch(Graph graph, Predicate<Node> supported) {
        Set<String> fed = fed(graph);
        Predicate<String> activation = v -> fed.contains(v) && isFloat(graph, v);
        Predicate<Node> carries = n -> n.outputs().stream().anyMatch(activation);
        Set<Node> weighted = graph.nodes().stream()
                // Recurrent ones have weights, too, where the target takes them.
                .filter(n -> OperatorTable.is(n, Trait.WEIGHTED)
                        || OperatorTable.is(n, Trait.RECURRENT) && supported.test(n))
                .filter(carries)
                .collect(Collectors.toCollection(LinkedHashSet::new));
        Set<Node> reached = GraphWalk.reach(
                weighted, n -> neighbours(graph, n, activation).filter(carries).toList());
        Map<String, Placement> sides = new LinkedHashMap<>();
        graph.nodes()
                .forEach(n -> sides.put(
                        n.name(),
                        reached.contains(n)
                                ? Placement.QUANTIZED
                                : carries.test(n) ? Placement.FLOAT : Placement.SHAPE));
        return sides;
    }

    /** Nodes that exchange activations with this one: producers of its data inputs and consumers of its outputs. */
    private static Stream<Node> neighbours(Graph graph, Node node, Predicate<String> activation) {
        return Stream.concat(
                Stream.concat(node.inputs().stream(), node.capturedValues().stream())
                        .filter(v -> activation.test(v) && takes(graph, node, v))
                        .flatMap(v -> graph.producer(v).stream()),
                node.outputs().stream()
                        .filter(activation)
                        .flatMap(v -> graph.consumers(v).stream().filter(c -> takes(graph, c, v))));
    }

    /** The activation itself goes into the node, it does not only say where to look or how large the result is. */
    private static boolean takes(Graph graph, Node node, String activation) {
        return node.capturedValues().contains(activation)
                || IntStream.range(0, node.inputs().size())
                        .anyMatch(i -> node.input(i).equals(activation)
                                && !OperatorTable.role(node, i, graph).steers());
    }

    /** Values that depend on what the network is fed, not on its shape alone. */
    private static Set<String> fed(Graph graph) {
        List<String> inputs = graph.inputs().stream()
                .map(ValueInfo::name)
                .filter(v -> !graph.isInitializer(v))
                .toList();
        return GraphWalk.reach(
                inputs,
                v -> graph.consumers(v).stream()
                        .filter(n -> !OperatorTable.is(n, Trait.SHAPE_ONLY))
                        .flatMap(n -> n.outputs().stream())
                        .filter(o -> !o.isEmpty())
                        .toList());
    }

    private static boolean isFloat(Graph graph, String value) {
        return graph.valueInfo(value).map(v -> v.type() == ElementType.FLOAT).orElse(true);
    }
}
