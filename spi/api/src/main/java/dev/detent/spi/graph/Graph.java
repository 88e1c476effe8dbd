package dev.detent.spi.graph;

import dev.detent.spi.Stable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A model's main graph. Any thread may read while none edits; changes go through {@link #edit()}, and the host compares
 * {@link #revision()} before and after a pass, so an edit nobody declared is found.
 *
 * <p>Values are named, not objects: a name is produced by at most one node, or is a graph input, or an initializer.
 */
@Stable(since = "1.0")
public final class Graph {

    /** One explicit use of a value: {@code node.inputs().get(index)}. */
    public record Use(Node node, int index) {}

    final Map<String, Node> nodes = new LinkedHashMap<>();
    final Map<String, Tensor> initializers = new LinkedHashMap<>();
    final Map<String, ValueInfo> valueInfos = new LinkedHashMap<>();
    final List<ValueInfo> inputs = new ArrayList<>();
    final List<ValueInfo> outputs = new ArrayList<>();
    /** Index of {@link #inputs}, so that a look-up does not scan the list; of a name that occurs twice, the first. */
    final Map<String, ValueInfo> inputsByName = new HashMap<>();
    /** Index of {@link #outputs}, as for inputs. */
    final Map<String, ValueInfo> outputsByName = new HashMap<>();

    final Map<String, Integer> opsets = new LinkedHashMap<>();
    UnmodeledProto opaque = UnmodeledProto.NONE;
    int revision;

    /** Made when first needed, by whichever thread comes first; edits keep it up to date or drop it. */
    volatile @Nullable UseDefIndex wiring;

    /** Nodes in execution order. */
    public Collection<Node> nodes() {
        return Collections.unmodifiableCollection(nodes.values());
    }

    /** The node of a name. */
    public Optional<Node> node(String name) {
        return Optional.ofNullable(nodes.get(name));
    }

    /** Graph inputs that are fed at run time, in file order (initializers listed as inputs are not among them). */
    public List<ValueInfo> inputs() {
        return Collections.unmodifiableList(inputs);
    }

    /** Graph outputs, in file order. */
    public List<ValueInfo> outputs() {
        return Collections.unmodifiableList(outputs);
    }

    /** The value is fed at run time. */
    public boolean isInput(String value) {
        return inputsByName.containsKey(value);
    }

    /** The value is an output of the graph. */
    public boolean isOutput(String value) {
        return outputsByName.containsKey(value);
    }

    /** Constant values by name, in file order: a read-only view that follows edits. */
    public Map<String, Tensor> initializers() {
        return Collections.unmodifiableMap(initializers);
    }

    /** The constant of a name; empty when the value is none. */
    public Optional<Tensor> initializer(String value) {
        return Optional.ofNullable(initializers.get(value));
    }

    /** The value is a constant. */
    public boolean isInitializer(String value) {
        return initializers.containsKey(value);
    }

    /** Declared or inferred type and shape of a value. */
    public Optional<ValueInfo> valueInfo(String value) {
        return Optional.ofNullable(valueInfos.get(value))
                .or(() -> Optional.ofNullable(inputsByName.get(value)))
                .or(() -> Optional.ofNullable(outputsByName.get(value)));
    }

    /** Whether a value is known to hold 32-bit floats, which is what can be quantized. */
    public boolean isFloat(String value) {
        return valueInfo(value).map(v -> v.type() == ElementType.FLOAT).orElse(false);
    }

    /**
     * Declared or inferred inner values by name: a read-only view that follows edits. Inputs and outputs are not among
     * them.
     */
    public Map<String, ValueInfo> valueInfos() {
        return Collections.unmodifiableMap(valueInfos);
    }

    /** Imported opset version per domain; ONNX's own domain is {@code ""}. */
    public Map<String, Integer> opsets() {
        return Collections.unmodifiableMap(opsets);
    }

    /** Version of ONNX's own operators; 1 when the file names none. */
    public int opset() {
        return opsets.getOrDefault("", 1);
    }

    /** What else the file holds. */
    public UnmodeledProto opaque() {
        return opaque;
    }

    /** Changes with every edit. */
    public int revision() {
        return revision;
    }

    /**
     * An editor of this graph. A pass takes the one of its context, which checks that the pass declared it; others edit
     * graphs of their own, such as a {@link #copy}.
     */
    public GraphEditor edit() {
        return new GraphEditor(this);
    }

    /** A copy that shares the immutable parts; edits of one do not show in the other. */
    public Graph copy() {
        Graph g = new Graph();
        g.nodes.putAll(nodes);
        g.initializers.putAll(initializers);
        g.valueInfos.putAll(valueInfos);
        g.inputs.addAll(inputs);
        g.outputs.addAll(outputs);
        g.inputsByName.putAll(inputsByName);
        g.outputsByName.putAll(outputsByName);
        g.opsets.putAll(opsets);
        g.opaque = opaque;
        return g;
    }

    /** The node that makes a value; empty for inputs, initializers and unknown names. */
    public Optional<Node> producer(String value) {
        return wiring().producer(value);
    }

    /** Explicit uses in node order, a node twice if it reads the value twice. */
    public List<Use> uses(String value) {
        return wiring().uses(value);
    }

    /** Distinct nodes that read the value, through an input or inside a subgraph. */
    public Set<Node> consumers(String value) {
        return wiring().consumers(value);
    }

    /** Whether a subgraph of If, Loop or Scan reads {@code value} from outside. */
    public boolean isCaptured(String value) {
        return !wiring().captures(value).isEmpty();
    }

    /** Distinct nodes that read any output of {@code node}. */
    public Set<Node> downstream(Node node) {
        if (node.outputs().size() == 1) {
            return consumers(node.output(0));
        }
        Set<Node> distinct = new LinkedHashSet<>();
        node.outputs().forEach(o -> {
            if (!o.isEmpty()) {
                distinct.addAll(consumers(o));
            }
        });
        return distinct;
    }

    /** Distinct nodes that produce any input of {@code node}. */
    public Set<Node> upstream(Node node) {
        Set<Node> distinct = new LinkedHashSet<>();
        for (String i : node.inputs()) {
            producer(i).ifPresent(distinct::add);
        }
        for (String c : node.capturedValues()) {
            producer(c).ifPresent(distinct::add);
        }
        return distinct;
    }

    /** A node that reads its own output, at once or through other nodes: a graph that has one cannot be computed. */
    public Optional<Node> cycle() {
        Map<String, Node> left = new LinkedHashMap<>(nodes);
        order().forEach(n -> left.remove(n.name()));
        if (left.isEmpty()) {
            return Optional.empty();
        }
        // Each of these waits for another of them: who is met again on the way up waits for itself.
        Set<String> met = new LinkedHashSet<>();
        Node n = left.values().iterator().next();
        while (met.add(n.name())) {
            n = upstream(n).stream()
                    .filter(u -> left.containsKey(u.name()))
                    .findFirst()
                    .orElseThrow();
        }
        return Optional.of(n);
    }

    /**
     * Stable topological order: among the nodes that are ready, the one earliest in the present order comes next. What
     * waits for a cycle is left out.
     */
    List<Node> order() {
        List<Node> current = List.copyOf(nodes.values());
        Map<String, Integer> place = new LinkedHashMap<>();
        current.forEach(n -> place.put(n.name(), place.size()));
        int[] waiting = new int[current.size()];
        List<List<Integer>> waiters = new ArrayList<>();
        current.forEach(n -> waiters.add(new ArrayList<>()));
        Queue<Integer> ready = new PriorityQueue<>();
        for (int i = 0; i < waiting.length; i++) {
            for (Node p : upstream(current.get(i))) {
                waiting[i]++;
                waiters.get(Objects.requireNonNull(place.get(p.name()))).add(i);
            }
            if (waiting[i] == 0) {
                ready.add(i);
            }
        }
        List<Node> order = new ArrayList<>(current.size());
        while (!ready.isEmpty()) {
            int next = ready.remove();
            order.add(current.get(next));
            for (int w : waiters.get(next)) {
                if (--waiting[w] == 0) {
                    ready.add(w);
                }
            }
        }
        return order;
    }

    private UseDefIndex wiring() {
        UseDefIndex current = wiring;
        if (current == null) {
            current = new UseDefIndex(nodes.values());
            wiring = current;
        }
        return current;
    }
}
