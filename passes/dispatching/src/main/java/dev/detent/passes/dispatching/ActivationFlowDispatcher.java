package dev.detent.passes.dispatching;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.pass.Dispatcher;
import dev.detent.spi.pass.Placement;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
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
        Set<Node> reached = new LinkedHashSet<>();
        Deque<Node> queue = new ArrayDeque<>();
        Consumer<Node> reach = n -> {
            if (carries.test(n) && reached.add(n)) {
                queue.add(n);
            }
        };
        graph.nodes().stream().filter(n -> n.isOneOf(Operators.COMPUTING)).forEach(reach);
        while (!queue.isEmpty()) {
            Node n = queue.remove();
            Stream.concat(n.inputs().stream(), n.capturedValues().stream())
                    .filter(v -> activation.test(v) && takes(n, v))
                    .forEach(v -> graph.producer(v).ifPresent(reach));
            n.outputs().stream()
                    .filter(activation)
                    .forEach(v ->
                            graph.consumers(v).stream().filter(c -> takes(c, v)).forEach(reach));
        }
        Map<String, Placement> sides = new LinkedHashMap<>();
        graph.nodes()
                .forEach(n -> sides.put(
                        n.name(),
                        reached.contains(n)
                                ? Placement.QUANTIZED
                                : carries.test(n) ? Placement.FLOAT : Placement.SHAPE));
        return sides;
    }

    /** The activation itself goes into the node, it does not only say where to look. */
    private static boolean takes(Node node, String activation) {
        return !node.isOneOf(Operators.LED_BY_OTHER_INPUTS) || node.input(0).equals(activation);
    }

    /** Values that depend on what the network is fed, not on its shape alone. */
    private static Set<String> fed(Graph graph) {
        Set<String> fed = new HashSet<>();
        Deque<String> queue = new ArrayDeque<>();
        for (ValueInfo input : graph.inputs()) {
            if (!graph.isInitializer(input.name()) && fed.add(input.name())) {
                queue.add(input.name());
            }
        }
        while (!queue.isEmpty()) {
            for (Node n : graph.consumers(queue.remove())) {
                if (!n.is("Shape", "Size")) {
                    n.outputs().stream().filter(v -> !v.isEmpty() && fed.add(v)).forEach(queue::add);
                }
            }
        }
        return fed;
    }

    private static boolean isFloat(Graph graph, String value) {
        return graph.valueInfo(value).map(v -> v.type() == ElementType.FLOAT).orElse(true);
    }
}
