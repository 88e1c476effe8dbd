package dev.detent.spi.graph;

import dev.detent.spi.Stable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;

/**
 * Checked changes to a {@link Graph}. A pass obtains one only after declaring that it edits; an exporter edits a copy.
 */
@Stable(since = "1.0")
public final class GraphEditor {

    private final Graph graph;
    private final Map<String, Integer> counters = new LinkedHashMap<>();

    GraphEditor(Graph graph) {
        this.graph = graph;
    }

    /** The graph under edit, as it stands. */
    public Graph graph() {
        return graph;
    }

    /** Appends a node; {@link #sort()} restores execution order. */
    public GraphEditor add(Node node) {
        if (graph.nodes.putIfAbsent(node.name(), node) != null) {
            throw new IllegalArgumentException("the graph already has a node '" + node.name() + "'");
        }
        return rewired(w -> w.added(node));
    }

    /** Puts {@code node} where the node of the same name stands. */
    public GraphEditor replace(Node node) {
        Node before = graph.nodes.replace(node.name(), node);
        if (before == null) {
            throw new IllegalArgumentException("the graph has no node '" + node.name() + "'");
        }
        return rewired(w -> w.replaced(before, node));
    }

    /** Takes out a node; its values stay named in whatever reads them. Nothing happens when it is gone already. */
    public GraphEditor remove(Node node) {
        Node gone = graph.nodes.remove(node.name());
        return rewired(w -> gone == null || w.removed(gone));
    }

    /**
     * Whether nothing needs the name that {@link #bypass} takes away: that of the node's output, or of its input where
     * the output is the graph's. A subgraph that reads it from outside is not rewritten.
     */
    public boolean canBypass(Node node) {
        String from = node.output(0);
        String to = node.input(0);
        return graph.isOutput(from)
                ? graph.producer(to).isPresent() && !graph.isOutput(to) && !graph.isCaptured(to)
                : !graph.isCaptured(from);
    }

    /**
     * Removes a one-in one-out node and lets its consumers (and graph outputs) read its input instead; see
     * {@link #canBypass}.
     */
    public GraphEditor bypass(Node node) {
        String from = node.output(0);
        String to = node.input(0);
        remove(node);
        if (graph.isOutput(from)) {
            // The graph output keeps its name: the producer of the input takes it over.
            Node producer = graph.producer(to)
                    .orElseThrow(() -> new IllegalArgumentException(
                            "cannot bypass " + node + ": it passes a graph input to a graph output"));
            replace(producer.withOutputs(producer.outputs().stream()
                    .map(o -> o.equals(to) ? from : o)
                    .toList()));
            redirect(to, from);
        } else {
            redirect(from, to);
        }
        return this;
    }

    /** Lets every use of {@code from} read {@code to}. */
    public GraphEditor redirect(String from, String to) {
        for (Graph.Use u : List.copyOf(graph.uses(from))) {
            Node current = Objects.requireNonNull(graph.nodes.get(u.node().name()));
            replace(current.withInput(u.index(), to));
        }
        return this;
    }

    /** Sets a constant, a new one or in place of the one of that name. */
    public GraphEditor initializer(String name, Tensor tensor) {
        graph.initializers.put(name, tensor);
        return changed();
    }

    /** Takes out a constant; nothing happens when there is none of the name. */
    public GraphEditor removeInitializer(String name) {
        graph.initializers.remove(name);
        return changed();
    }

    /** Removes initializers that nobody reads and that are no output. */
    public GraphEditor removeUnreadInitializers() {
        // All are found before one goes: every removal makes the next look-up count the uses anew.
        graph.initializers.keySet().stream()
                .filter(n -> graph.consumers(n).isEmpty() && !graph.isOutput(n))
                .toList()
                .forEach(this::removeInitializer);
        return this;
    }

    /** Appends a graph input. */
    public GraphEditor input(ValueInfo input) {
        graph.inputs.add(input);
        graph.inputsByName.putIfAbsent(input.name(), input);
        return changed();
    }

    /** Takes out all graph inputs; for those that put changed ones in their place. */
    public GraphEditor clearInputs() {
        graph.inputs.clear();
        graph.inputsByName.clear();
        return changed();
    }

    /** Appends a graph output. */
    public GraphEditor output(ValueInfo output) {
        graph.outputs.add(output);
        graph.outputsByName.putIfAbsent(output.name(), output);
        return changed();
    }

    /** Takes out a graph output; nothing happens when there is none of the name. */
    public GraphEditor removeOutput(String name) {
        if (graph.outputsByName.remove(name) != null) {
            graph.outputs.removeIf(o -> o.name().equals(name));
        }
        return changed();
    }

    /** Takes out all graph outputs; for those that put others in their place. */
    public GraphEditor clearOutputs() {
        graph.outputs.clear();
        graph.outputsByName.clear();
        return changed();
    }

    /** Sets type and shape of an inner value. */
    public GraphEditor valueInfo(ValueInfo info) {
        graph.valueInfos.put(info.name(), info);
        return changed();
    }

    /** Forgets type and shape of an inner value. */
    public GraphEditor removeValueInfo(String name) {
        graph.valueInfos.remove(name);
        return changed();
    }

    /** Sets the version of a domain's operators; {@code ai.onnx} and {@code ""} are the same domain. */
    public GraphEditor opset(String domain, int version) {
        graph.opsets.put(domain.equals("ai.onnx") ? "" : domain, version);
        return changed();
    }

    /** Sets what the reader found besides; for the host. */
    public GraphEditor opaque(UnmodeledProto opaque) {
        graph.opaque = opaque;
        return changed();
    }

    /** {@code stem}, or {@code stem_1}, {@code stem_2} … : a name no node, value or initializer bears. */
    public String freshName(String stem) {
        String candidate = stem;
        int n = counters.getOrDefault(stem, 0);
        while (isTaken(candidate)) {
            candidate = stem + "_" + ++n;
        }
        counters.put(stem, n);
        return candidate;
    }

    private boolean isTaken(String name) {
        return graph.nodes.containsKey(name)
                || graph.initializers.containsKey(name)
                || graph.producer(name).isPresent()
                || !graph.uses(name).isEmpty()
                || graph.isInput(name)
                || graph.isOutput(name);
    }

    /** Stable topological order: among the nodes that are ready, the one earliest in the current order comes next. */
    public GraphEditor sort() {
        List<Node> order = graph.order();
        if (order.size() != graph.nodes.size()) {
            throw new IllegalStateException("the graph has a cycle");
        }
        graph.nodes.clear();
        order.forEach(n -> graph.nodes.put(n.name(), n));
        return rewired(w -> false);
    }

    /** @param follow lets the wiring follow the edit; false drops it, and the next look at it makes a new one */
    private GraphEditor rewired(Predicate<UseDefIndex> follow) {
        UseDefIndex wiring = graph.wiring;
        if (wiring != null && !follow.test(wiring)) {
            graph.wiring = null;
        }
        return changed();
    }

    private GraphEditor changed() {
        graph.revision++;
        return this;
    }
}
