package dev.detent.passes.dispatching;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.pass.Dispatcher;
import dev.detent.spi.pass.Placement;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** Every operator the target supports, without looking at shapes. */
final class AllSupportedDispatcher implements Dispatcher {

    @Override
    public String id() {
        return "all-supported";
    }

    /** PPQ's name. */
    @Override
    public Set<String> formerIds() {
        return Set.of("allin");
    }

    @Override
    public String summary() {
        return "every operator the target supports, shape arithmetic included";
    }

    @Override
    public Map<String, Placement> dispatch(Graph graph, Predicate<Node> supported) {
        Map<String, Placement> sides = new LinkedHashMap<>();
        graph.nodes().forEach(n -> sides.put(n.name(), supported.test(n) ? Placement.QUANTIZED : Placement.FLOAT));
        return sides;
    }
}
