package dev.detent.runtime.gradient;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The backward pass of a graph, as a graph.
 *
 * @param graph inputs: gradients to the forward graph's outputs, named by {@link #upstream}, and the forward values in
 *     {@code reads}; outputs: the gradients
 * @param gradients the forward value whose gradient is wanted, to the output that is it; absent where no gradient flows
 * @param reads forward values that it reads, constants not among them
 */
public record GradientGraph(Graph graph, Map<String, String> gradients, Set<String> reads) {

    /** Name of the backward graph's input for the gradient to a forward output. */
    public static String upstream(String output) {
        return "grad::of::" + output;
    }

    /**
     * @param shapes of all values of the forward graph
     * @param outputs float outputs of the forward graph from which gradients come
     * @param wanted float inputs of the forward graph whose gradients are wanted
     */
    public static GradientGraph of(
            Graph forward, Map<String, long[]> shapes, List<String> outputs, Set<String> wanted) {
        Set<String> reached = reached(forward, wanted);
        GradientBuilder b = new GradientBuilder(forward, shapes, reached);
        Map<String, List<String>> arriving = new HashMap<>();
        for (String o : outputs) {
            if (reached.contains(o)) {
                b.edit().input(ValueInfo.of(upstream(o), ElementType.FLOAT, b.shape(o)));
                arriving.computeIfAbsent(o, k -> new ArrayList<>()).add(upstream(o));
            }
        }
        List<Node> nodes = new ArrayList<>(forward.nodes());
        for (int i = nodes.size() - 1; i >= 0; i--) {
            Node n = nodes.get(i);
            List<String> up = n.outputs().stream()
                    .map(o -> joined(b, arriving.getOrDefault(o, List.of())))
                    .toList();
            Optional<GradientRule> rule = GradientTable.of(n);
            if (rule.isEmpty()
                    || !GradientTable.has(n, forward::isInitializer)
                    || up.stream().allMatch(String::isEmpty)
                    || !isReached(n, reached)) {
                continue;
            }
            List<String> down = rule.get().apply(b, n, up);
            for (int k = 0; k < down.size(); k++) {
                if (!down.get(k).isEmpty() && reached.contains(n.input(k))) {
                    arriving.computeIfAbsent(n.input(k), v -> new ArrayList<>()).add(down.get(k));
                }
            }
        }
        Map<String, String> gradients = new LinkedHashMap<>();
        for (String w : wanted) {
            String gradient = joined(b, arriving.getOrDefault(w, List.of()));
            if (!gradient.isEmpty()) {
                // An output has a name of its own, also where a gradient passes unchanged.
                String named = b.op("Identity", gradient);
                b.edit().output(ValueInfo.of(named, ElementType.FLOAT, b.shape(w)));
                gradients.put(w, named);
            }
        }
        return new GradientGraph(b.backward(), gradients, b.reads());
    }

    private static String joined(GradientBuilder b, List<String> gradients) {
        return switch (gradients.size()) {
            case 0 -> "";
            case 1 -> gradients.get(0);
            default -> b.add("Sum", gradients, Map.of());
        };
    }

    private static boolean isReached(Node n, Set<String> reached) {
        return n.inputs().stream().anyMatch(reached::contains);
    }

    /** The wanted values and float values that depend on one by a way that gradients can go. */
    private static Set<String> reached(Graph forward, Set<String> wanted) {
        Set<String> reached = new LinkedHashSet<>(wanted);
        for (Node n : forward.nodes()) {
            if (GradientTable.has(n, forward::isInitializer) && isReached(n, reached)) {
                n.outputs().stream().filter(o -> !o.isEmpty()).forEach(reached::add);
            }
        }
        return reached;
    }
}
