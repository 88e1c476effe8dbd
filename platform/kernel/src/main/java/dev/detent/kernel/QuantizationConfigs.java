package dev.detent.kernel;

import dev.detent.spi.backend.NodeRule;
import dev.detent.spi.backend.TensorRule;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.QuantizationState;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.TensorQuantization;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** All configs of a model. Created once from rules; afterwards only a {@link StateMachine} moves them. */
public final class QuantizationConfigs implements Quantization {

    private record NodeEntry(String target, boolean passive, List<TensorConfig> inputs, List<TensorConfig> outputs) {}

    private final Map<Slot, TensorConfig> bySlot = new LinkedHashMap<>();
    private final Map<String, NodeEntry> byNode = new LinkedHashMap<>();

    /** Adds the configs of one node. The slot of an absent optional input has one too; its value is {@code ""}. */
    public void add(Node node, Graph graph, String target, NodeRule rule) {
        List<TensorConfig> ins = new ArrayList<>();
        List<TensorConfig> outs = new ArrayList<>();
        for (int i = 0; i < node.inputs().size(); i++) {
            ins.add(add(
                    Slot.input(node.name(), i),
                    node.input(i),
                    graph.isInitializer(node.input(i)),
                    rule.inputs().get(i)));
        }
        for (int i = 0; i < node.outputs().size(); i++) {
            if (!node.output(i).isEmpty()) {
                outs.add(add(
                        Slot.output(node.name(), i),
                        node.output(i),
                        false,
                        rule.outputs().get(i)));
            }
        }
        byNode.put(node.name(), new NodeEntry(target, rule.passive(), ins, outs));
    }

    private TensorConfig add(Slot slot, String value, boolean parameter, TensorRule rule) {
        TensorConfig c = new TensorConfig(
                slot,
                value,
                parameter,
                rule.scheme(),
                rule.observer(),
                rule.state().state());
        bySlot.put(slot, c);
        return c;
    }

    @Override
    public Collection<? extends TensorQuantization> configs() {
        return Collections.unmodifiableCollection(bySlot.values());
    }

    @Override
    public Optional<? extends TensorQuantization> config(Slot slot) {
        return Optional.ofNullable(bySlot.get(slot));
    }

    @Override
    public boolean isQuantized(Node node) {
        return byNode.containsKey(node.name());
    }

    @Override
    public boolean isPassive(Node node) {
        NodeEntry e = byNode.get(node.name());
        return e != null && e.passive();
    }

    @Override
    public String target(Node node) {
        NodeEntry e = byNode.get(node.name());
        return e == null ? "" : e.target();
    }

    @Override
    public List<? extends TensorQuantization> inputs(Node node) {
        NodeEntry e = byNode.get(node.name());
        return e == null ? List.of() : Collections.unmodifiableList(e.inputs());
    }

    @Override
    public List<? extends TensorQuantization> outputs(Node node) {
        NodeEntry e = byNode.get(node.name());
        return e == null ? List.of() : Collections.unmodifiableList(e.outputs());
    }

    /** A deep copy that no control reaches: what exporters get. */
    public Quantization snapshot() {
        QuantizationConfigs copy = new QuantizationConfigs();
        bySlot.forEach((slot, c) -> {
            TensorConfig d = new TensorConfig(slot, c.value(), c.isInitializer(), c.ownScheme, c.observer(), c.state);
            d.ownParameters = c.ownParameters;
            copy.bySlot.put(slot, d);
        });
        bySlot.forEach((slot, c) -> copy.bySlot.get(slot).parent = copy.bySlot.get(c.parent.slot()));
        byNode.forEach((name, e) -> copy.byNode.put(
                name,
                new NodeEntry(
                        e.target(),
                        e.passive(),
                        e.inputs().stream().map(c -> copy.bySlot.get(c.slot())).toList(),
                        e.outputs().stream().map(c -> copy.bySlot.get(c.slot())).toList())));
        return copy;
    }

    /** Rebuilds configs from what a finished run wrote down; nothing can move them. */
    public static final class Restoration {
        private final Graph graph;
        private final QuantizationConfigs configs = new QuantizationConfigs();
        private final Map<Slot, Slot> roots = new LinkedHashMap<>();

        public Restoration(Graph graph) {
            this.graph = graph;
        }

        /** A config with parameters of its own. */
        public void own(Slot slot, QuantizationState state, Scheme scheme, QuantizationParameters parameters) {
            create(slot, state, scheme).ownParameters = parameters;
        }

        /** A config that reads another's parameters; its own scheme shows where that one's node is gone. */
        public void covered(Slot slot, QuantizationState state, Slot root, Scheme own) {
            roots.put(slot, root);
            create(slot, state, own);
        }

        private TensorConfig create(Slot slot, QuantizationState state, Scheme scheme) {
            Node node = graph.node(slot.node())
                    .orElseThrow(() -> new IllegalArgumentException("the graph has no node '" + slot.node() + "'"));
            String value = slot.isInput() ? node.input(slot.index()) : node.output(slot.index());
            TensorConfig c = new TensorConfig(slot, value, graph.isInitializer(value), scheme, "", state);
            configs.bySlot.put(slot, c);
            NodeEntry entry = configs.byNode.computeIfAbsent(
                    node.name(), k -> new NodeEntry("", false, new ArrayList<>(), new ArrayList<>()));
            (slot.isInput() ? entry.inputs() : entry.outputs()).add(c);
            return c;
        }

        public Quantization finish() {
            roots.forEach((slot, root) -> {
                TensorConfig r = configs.bySlot.get(root);
                if (r != null) {
                    configs.bySlot.get(slot).parent = r;
                }
            });
            return configs;
        }
    }
}
