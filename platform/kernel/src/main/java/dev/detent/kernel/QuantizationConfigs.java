package dev.detent.kernel;

import dev.detent.spi.backend.InitialState;
import dev.detent.spi.backend.NodeRule;
import dev.detent.spi.backend.TensorRule;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.TensorQuantization;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** All configs of a model. Created once from rules; afterwards only a {@link StateMachine} moves them. */
public final class QuantizationConfigs implements Quantization {

    private record NodeEntry(String target, boolean passive, List<TensorConfig> inputs, List<TensorConfig> outputs) {}

    private final Map<Slot, TensorConfig> bySlot = new LinkedHashMap<>();
    private final Map<String, NodeEntry> byNode = new LinkedHashMap<>();

    /** The numbers of encodings that a target prescribes: what the rule's observer says without looking at data. */
    @FunctionalInterface
    public interface Prescriptions {
        /** For targets that prescribe nothing. */
        Prescriptions NONE = rule -> Optional.empty();

        Optional<QuantizationParameters> of(TensorRule rule);
    }

    /** Adds the configs of one node. The slot of an absent optional input has one too; its value is {@code ""}. */
    public void add(Node node, Graph graph, String target, NodeRule rule, Prescriptions prescriptions) {
        List<TensorConfig> ins = new ArrayList<>();
        List<TensorConfig> outs = new ArrayList<>();
        for (int i = 0; i < node.inputs().size(); i++) {
            ins.add(add(
                    Slot.input(node.name(), i),
                    node.input(i),
                    graph.isInitializer(node.input(i)),
                    rule.inputs().get(i),
                    prescriptions));
        }
        for (int i = 0; i < node.outputs().size(); i++) {
            if (!node.output(i).isEmpty()) {
                outs.add(add(
                        Slot.output(node.name(), i),
                        node.output(i),
                        false,
                        rule.outputs().get(i),
                        prescriptions));
            }
        }
        byNode.put(node.name(), new NodeEntry(target, rule.passive(), ins, outs));
    }

    private TensorConfig add(Slot slot, String value, boolean parameter, TensorRule rule, Prescriptions prescriptions) {
        TensorConfig c = new TensorConfig(slot, value, parameter, rule, false, prescribed(value, rule, prescriptions));
        bySlot.put(slot, c);
        return c;
    }

    private static @Nullable QuantizationParameters prescribed(
            String value, TensorRule rule, Prescriptions prescriptions) {
        boolean waits = rule.state() == InitialState.INITIAL && !value.isEmpty();
        return waits ? prescriptions.of(rule).orElse(null) : null;
    }

    /**
     * What a person's rule makes of a slot.
     *
     * @param observerChosen the person chose the observer
     * @param source where the person said so, e.g. {@code rule 3 of detent.yaml}
     * @param what what was said, as a clause
     */
    public record Ruling(TensorRule rule, boolean observerChosen, String source, String what) {}

    /**
     * Starts slots of a node over as a person's rules say, before any pass has moved them; each gets its line in the
     * journal.
     *
     * @param passive the node still only moves data
     * @throws IllegalStateException when a config has moved already
     */
    public void overrule(
            Node node, boolean passive, Map<Slot, Ruling> rulings, Prescriptions prescriptions, Journal journal) {
        NodeEntry entry = Objects.requireNonNull(byNode.get(node.name()), node::toString);
        List<TensorConfig> ins = new ArrayList<>(entry.inputs());
        List<TensorConfig> outs = new ArrayList<>(entry.outputs());
        ins.replaceAll(c -> overruled(c, rulings.get(c.slot()), prescriptions, journal));
        outs.replaceAll(c -> overruled(c, rulings.get(c.slot()), prescriptions, journal));
        byNode.put(node.name(), new NodeEntry(entry.target(), passive, ins, outs));
    }

    private TensorConfig overruled(
            TensorConfig c, @Nullable Ruling ruling, Prescriptions prescriptions, Journal journal) {
        if (ruling == null) {
            return c;
        }
        if (!c.isFresh()) {
            throw new IllegalStateException(c + " has moved; a person's rules come before every pass");
        }
        TensorConfig changed = new TensorConfig(
                c.slot(),
                c.value(),
                c.isInitializer(),
                ruling.rule(),
                ruling.observerChosen(),
                prescribed(c.value(), ruling.rule(), prescriptions));
        bySlot.put(c.slot(), changed);
        journal.rule(
                new Journal.Ruled(c.slot(), c.value(), c.state(), changed.state(), ruling.source(), ruling.what()));
        return changed;
    }

    /** The same as {@link #configs}, for the kernel. */
    Collection<TensorConfig> all() {
        return Collections.unmodifiableCollection(bySlot.values());
    }

    @Override
    public Collection<? extends TensorQuantization> configs() {
        return all();
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

    /** The configs as they are now, of a type that no control accepts: what exporters and simulations get. */
    public QuantizationSnapshot snapshot() {
        QuantizationSnapshot.Copy copy = new QuantizationSnapshot.Copy(bySlot.values());
        byNode.forEach((name, e) -> copy.node(name, e.target(), e.passive(), e.inputs(), e.outputs()));
        return copy.finish();
    }
}
