package dev.detent.host.analyze;

import dev.detent.kernel.Journal;
import dev.detent.kernel.QuantizationConfigs;
import dev.detent.kernel.StateMachine;
import dev.detent.runtime.FakeQuantizer;
import dev.detent.runtime.SwitchableNetwork;
import dev.detent.runtime.Variant;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.StateControl;
import dev.detent.spi.quant.Transition;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The layers and tensors of a quantized network that can be judged by themselves, in network order. */
final class Units {

    private final SwitchableNetwork network;
    private final Graph graph;
    private final QuantizationConfigs configs;
    private final List<Unit> found = new ArrayList<>();

    private Units(SwitchableNetwork network, Graph graph, QuantizationConfigs configs) {
        this.network = network;
        this.graph = graph;
        this.configs = configs;
    }

    /**
     * The values of initializers in the float network, by the slots that read them, where the finished graph has
     * others.
     */
    static Map<Slot, Tensor> floatConstants(Graph finished, Graph unrounded, Quantization quantization) {
        Map<Slot, Tensor> constants = new LinkedHashMap<>();
        for (Node n : finished.nodes()) {
            Optional<Node> before = unrounded.node(n.name());
            for (int i = 0; i < n.inputs().size(); i++) {
                Slot slot = Slot.input(n.name(), i);
                Optional<Tensor> now = finished.initializer(n.input(i));
                if (now.isEmpty()) {
                    continue;
                }
                int index = i;
                Optional<Tensor> then = before.filter(b -> b.hasInput(index))
                        .flatMap(b -> unrounded.initializer(b.input(index)))
                        .filter(t -> t.type() == now.get().type()
                                && t.elementCount() == now.get().elementCount());
                boolean quantized = quantization
                        .config(slot)
                        .filter(c -> c.state().isWritten())
                        .isPresent();
                if (then.isPresent()
                        && (quantized || !then.get().bytes().equals(now.get().bytes()))) {
                    constants.put(slot, then.get());
                } else if (then.isEmpty()
                        && before.isPresent()
                        && !before.get().hasInput(i)
                        && finished.isFloat(n.output(0))) {
                    // A bias that correction added.
                    constants.put(
                            slot,
                            Tensor.ofFloats(
                                    now.get().dims(), new float[(int) now.get().elementCount()]));
                }
            }
        }
        return constants;
    }

    /**
     * Every unit. What it is to be without one is read from the configs while the kernel has switched them off for a
     * while (DEQUANTIZED); the journal of that is thrown away.
     */
    static List<Unit> of(SwitchableNetwork network, Graph graph, QuantizationConfigs configs) {
        Units units = new Units(network, graph, configs);
        graph.nodes().forEach(units::layer);
        network.cuts().stream().filter(v -> !network.quantizers(v).isEmpty()).forEach(units::activation);
        graph.nodes().forEach(units::weights);
        return units.found;
    }

    private void layer(Node n) {
        Set<Slot> slots = new LinkedHashSet<>();
        for (int i = 0; i < n.inputs().size(); i++) {
            Slot slot = Slot.input(n.name(), i);
            if (network.floatConstant(slot).isPresent() || network.isQuantizedFor(n, i)) {
                slots.add(slot);
            }
        }
        if (!slots.isEmpty()) {
            add(Unit.Kind.LAYER, n.name(), Optional.of(n), slots);
        }
    }

    private void activation(String value) {
        Set<Slot> slots = new LinkedHashSet<>();
        network.quantizers(value).forEach(c -> slots.add(c.slot()));
        add(Unit.Kind.ACTIVATION, value, graph.producer(value), slots);
    }

    /** A weight and its bias are one: correction makes up in the bias for what rounding did to the weight. */
    private void weights(Node n) {
        Set<Slot> slots = new LinkedHashSet<>();
        for (int i = 0; i < n.inputs().size(); i++) {
            if (network.floatConstant(Slot.input(n.name(), i)).isPresent()) {
                slots.add(Slot.input(n.name(), i));
            }
        }
        configs.inputs(n).stream()
                .filter(c -> c.isInitializer() && c.state().isWritten() && slots.contains(c.slot()))
                .findFirst()
                .ifPresent(c -> add(Unit.Kind.WEIGHT, c.value(), Optional.of(n), slots));
    }

    private void add(Unit.Kind kind, String name, Optional<Node> node, Set<Slot> slots) {
        found.add(new Unit(
                kind,
                name,
                node.map(Node::name).orElse(name),
                node.map(Node::opType).orElse("input"),
                alone(kind, slots),
                without(kind, slots)));
    }

    private Variant alone(Unit.Kind kind, Set<Slot> slots) {
        Map<Slot, Tensor> constants = new HashMap<>();
        Map<Slot, Optional<FakeQuantizer>> encodings = new HashMap<>();
        Set<Slot> reads = new LinkedHashSet<>();
        for (Slot s : slots) {
            if (network.floatConstant(s).isPresent()) {
                network.quantizedConstant(s).ifPresent(t -> constants.put(s, t));
            } else if (kind == Unit.Kind.LAYER) {
                reads.add(s);
            } else {
                configs.config(s)
                        .ifPresent(c -> encodings.put(s, c.qparams().map(p -> new FakeQuantizer(c.scheme(), p))));
            }
        }
        return new Variant(Variant.Base.FLOAT, encodings, constants, reads);
    }

    private Variant without(Unit.Kind kind, Set<Slot> slots) {
        try (StateMachine control = new StateMachine(
                        configs, graph, new Journal(), "analysis", "", EnumSet.of(Transition.SUSPEND));
                StateControl.Suspension off = control.dequantize(
                        slots.stream().flatMap(s -> configs.config(s).stream()).toList())) {
            Map<Slot, Tensor> constants = new HashMap<>();
            Map<Slot, Optional<FakeQuantizer>> encodings = new HashMap<>();
            Set<Slot> reads = new LinkedHashSet<>();
            for (Slot s : slots) {
                boolean on = configs.config(s)
                        .filter(c -> !c.state().isSwitchedOff())
                        .isPresent();
                if (network.floatConstant(s).isPresent()) {
                    network.floatConstant(s).filter(t -> !on).ifPresent(t -> constants.put(s, t));
                } else if (kind == Unit.Kind.LAYER) {
                    reads.add(s);
                } else if (!on) {
                    encodings.put(s, Optional.empty());
                }
            }
            return new Variant(Variant.Base.QUANTIZED, encodings, constants, reads);
        }
    }
}
