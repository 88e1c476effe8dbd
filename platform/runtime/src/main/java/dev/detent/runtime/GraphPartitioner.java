package dev.detent.runtime;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.graph.ValueInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Splits a graph at its cuts into models that run one after the other. A node's level is the number of cuts on the
 * longest way to it; nodes of one level that are joined by uncut values form a segment. Edges then lead from lower
 * levels to higher ones only, so segments in order of level can always run.
 */
final class GraphPartitioner {

    /**
     * @param inputs versions the segment reads from outside
     * @param outputs values others read, cuts, or graph outputs
     */
    record Part(Graph graph, List<String> inputs, List<String> outputs) {}

    /** More parallel branches than networks for pictures or text have anywhere. */
    private static final int FEW = 128;
    /** Segments of a shared session: buffers of all of them are held at once. */
    private static final int SHARED = 64;

    private final Graph graph;
    private final PartitionPlan plan;
    private final Map<String, Integer> levels = new HashMap<>();
    private final Map<String, String> leader = new HashMap<>();

    private GraphPartitioner(Graph graph, PartitionPlan plan) {
        this.graph = graph;
        this.plan = plan;
    }

    static List<Part> split(Graph graph, PartitionPlan plan) {
        return new GraphPartitioner(graph, plan).parts();
    }

    private List<Part> parts() {
        for (Node n : graph.nodes()) {
            int level = 0;
            for (String value : reads(n)) {
                Optional<Node> producer = graph.producer(value);
                if (producer.isPresent()) {
                    level = Math.max(level, level(producer.get()) + (plan.isCut(value) ? 1 : 0));
                }
            }
            levels.put(n.name(), level);
            leader.put(n.name(), n.name());
        }
        for (Node n : graph.nodes()) {
            for (String value : reads(n)) {
                graph.producer(value)
                        .filter(p -> !plan.isCut(value) && level(p) == level(n))
                        .ifPresent(p -> leader.put(find(n.name()), find(p.name())));
            }
        }
        Map<Integer, Map<String, List<Node>>> byLevel = new java.util.TreeMap<>();
        for (Node n : graph.nodes()) {
            byLevel.computeIfAbsent(level(n), k -> new LinkedHashMap<>())
                    .computeIfAbsent(find(n.name()), k -> new ArrayList<>())
                    .add(n);
        }
        List<Part> parts = new ArrayList<>();
        byLevel.values()
                .forEach(groups -> together(List.copyOf(groups.values())).forEach(nodes -> parts.add(part(nodes))));
        return parts;
    }

    /**
     * Segments of one level do not need each other. Where there are very many, several share a session, which costs
     * more to set up than they cost to run; few keep their own, and with it the layout that suits each.
     */
    private static List<List<Node>> together(List<List<Node>> segments) {
        if (segments.size() <= FEW) {
            return segments;
        }
        List<List<Node>> shared = new ArrayList<>();
        for (int from = 0; from < segments.size(); from += SHARED) {
            shared.add(segments.subList(from, Math.min(from + SHARED, segments.size())).stream()
                    .flatMap(List::stream)
                    .toList());
        }
        return shared;
    }

    private static List<String> reads(Node n) {
        List<String> values = new ArrayList<>(n.inputs());
        values.addAll(n.capturedValues());
        values.removeIf(String::isEmpty);
        return values;
    }

    private int level(Node node) {
        return Objects.requireNonNull(levels.get(node.name()), node.name());
    }

    private String leader(String node) {
        return Objects.requireNonNull(leader.get(node), node);
    }

    private String find(String node) {
        String root = node;
        for (String next = leader(root); !next.equals(root); next = leader(root)) {
            root = next;
        }
        leader.put(node, root);
        return root;
    }

    private Part part(List<Node> nodes) {
        Graph g = new Graph();
        GraphEditor edit = g.edit();
        graph.opsets().forEach(edit::opset);
        edit.opaque(graph.opaque());
        Set<String> made = new LinkedHashSet<>();
        nodes.forEach(n -> n.outputs().stream().filter(o -> !o.isEmpty()).forEach(made::add));
        Set<String> members = new LinkedHashSet<>();
        nodes.forEach(n -> members.add(n.name()));
        Set<String> inputs = new LinkedHashSet<>();
        for (Node n : nodes) {
            List<String> renamed = new ArrayList<>();
            for (int i = 0; i < n.inputs().size(); i++) {
                String version = plan.read(n, i);
                renamed.add(version);
                need(version, n.input(i), made, inputs, edit);
            }
            n.capturedValues().forEach(c -> need(c, c, made, inputs, edit));
            edit.add(n.withInputs(renamed));
        }
        List<String> outputs = new ArrayList<>();
        for (String value : made) {
            boolean outside = graph.consumers(value).stream().anyMatch(c -> !members.contains(c.name()));
            if (outside || plan.isCut(value) || graph.isOutput(value)) {
                outputs.add(value);
                edit.output(graph.valueInfo(value)
                        .map(v -> v.withName(value))
                        .orElseGet(() ->
                                new ValueInfo(value, ElementType.UNDEFINED, Optional.empty(), UnmodeledProto.NONE)));
            }
        }
        return new Part(g, List.copyOf(inputs), outputs);
    }

    private void need(String version, String value, Set<String> made, Set<String> inputs, GraphEditor edit) {
        if (value.isEmpty() || made.contains(version)) {
            return;
        }
        Optional<Tensor> constant = plan.constant(version).or(() -> graph.initializer(value));
        if (constant.isPresent()) {
            edit.initializer(version, constant.get());
        } else if (inputs.add(version)) {
            edit.input(graph.valueInfo(value)
                    .map(v -> v.withName(version))
                    .orElseThrow(() -> new IllegalStateException("the type of value '" + value + "' is not known")));
        }
    }
}
