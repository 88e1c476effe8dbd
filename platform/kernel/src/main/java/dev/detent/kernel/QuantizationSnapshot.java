package dev.detent.kernel;

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
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The configs of a model as they were at one moment: what exporters and simulations get, and what a finished run is
 * read back as. Immutable, hence safe on any thread; its configs are of a type of their own that no
 * {@link StateMachine} accepts.
 */
public final class QuantizationSnapshot implements Quantization {

    private record FrozenNode(String target, boolean passive, List<FrozenConfig> inputs, List<FrozenConfig> outputs) {}

    private final Map<Slot, FrozenConfig> bySlot;
    private final Map<String, FrozenNode> byNode;

    private QuantizationSnapshot(Map<Slot, FrozenConfig> bySlot, Map<String, FrozenNode> byNode) {
        this.bySlot = bySlot;
        this.byNode = byNode;
    }

    /** What {@link QuantizationConfigs#snapshot} fills, node by node. */
    static final class Copy {
        private final Map<Slot, FrozenConfig> bySlot = new LinkedHashMap<>();
        private final Map<String, FrozenNode> byNode = new LinkedHashMap<>();

        Copy(Collection<TensorConfig> configs) {
            // In the order of the configs; a root may come later than those that read it.
            configs.forEach(c -> bySlot.put(c.slot(), FrozenConfig.of(c)));
            configs.stream()
                    .filter(c -> c.root() != c)
                    .forEach(c ->
                            bySlot.put(c.slot(), at(c.slot()).under(at(c.root().slot()))));
        }

        private FrozenConfig at(Slot slot) {
            return Objects.requireNonNull(bySlot.get(slot), slot::toString);
        }

        void node(String name, String target, boolean passive, List<TensorConfig> inputs, List<TensorConfig> outputs) {
            byNode.put(name, new FrozenNode(target, passive, frozen(inputs), frozen(outputs)));
        }

        private List<FrozenConfig> frozen(List<TensorConfig> configs) {
            return configs.stream().map(c -> at(c.slot())).toList();
        }

        QuantizationSnapshot finish() {
            return new QuantizationSnapshot(bySlot, byNode);
        }
    }

    /** One row of a finished run's record: a config with numbers, of its own or another's. */
    public sealed interface Row {
        Slot slot();

        QuantizationState state();
    }

    public record Own(Slot slot, QuantizationState state, Scheme scheme, QuantizationParameters qparams)
            implements Row {}

    public record Reading(Slot slot, QuantizationState state, Slot root) implements Row {}

    /**
     * Reads a finished run back, for a graph whose nodes are those of the rows. A row whose root has no numbers says
     * nothing about any value and is left out, as configs without numbers are. The node lists hold what rows there are;
     * {@link #config} finds a slot.
     */
    public static QuantizationSnapshot of(Graph graph, List<? extends Row> rows) {
        Map<Slot, Own> roots = new LinkedHashMap<>();
        rows.forEach(r -> {
            if (r instanceof Own own) {
                roots.put(r.slot(), own);
            }
        });
        Map<Slot, FrozenConfig> bySlot = new LinkedHashMap<>();
        Map<Slot, FrozenConfig> frozenRoots = new LinkedHashMap<>();
        roots.forEach((slot, own) -> frozenRoots.put(slot, FrozenConfig.of(own, graph)));
        Map<String, FrozenNode> byNode = new LinkedHashMap<>();
        for (Row row : rows) {
            FrozenConfig c = row instanceof Reading reading
                    ? Optional.ofNullable(frozenRoots.get(reading.root()))
                            .map(root -> FrozenConfig.of(reading, graph, root))
                            .orElse(null)
                    : frozenRoots.get(row.slot());
            if (c != null) {
                bySlot.put(c.slot(), c);
                FrozenNode n = byNode.computeIfAbsent(
                        c.slot().node(), k -> new FrozenNode("", false, new ArrayList<>(), new ArrayList<>()));
                (c.slot().isInput() ? n.inputs() : n.outputs()).add(c);
            }
        }
        byNode.replaceAll((name, n) ->
                new FrozenNode(n.target(), n.passive(), List.copyOf(n.inputs()), List.copyOf(n.outputs())));
        return new QuantizationSnapshot(bySlot, byNode);
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
        return node(node).passive();
    }

    @Override
    public String target(Node node) {
        return node(node).target();
    }

    @Override
    public List<? extends TensorQuantization> inputs(Node node) {
        return node(node).inputs();
    }

    @Override
    public List<? extends TensorQuantization> outputs(Node node) {
        return node(node).outputs();
    }

    private FrozenNode node(Node node) {
        return byNode.getOrDefault(node.name(), new FrozenNode("", false, List.of(), List.of()));
    }

    /** One config; compared by identity, as the living ones are. */
    private static final class FrozenConfig implements TensorQuantization {
        private final Slot slot;
        private final String value;
        private final boolean initializer;
        private final QuantizationState state;
        private final String observer;
        private final Numbers numbers;

        @Nullable
        private final FrozenConfig root;

        /** What a config reads through its root. */
        private record Numbers(Scheme scheme, @Nullable QuantizationParameters qparams, boolean fixed) {}

        private FrozenConfig(
                Slot slot,
                String value,
                boolean initializer,
                QuantizationState state,
                String observer,
                Numbers numbers,
                @Nullable FrozenConfig root) {
            this.slot = slot;
            this.value = value;
            this.initializer = initializer;
            this.state = state;
            this.observer = observer;
            this.numbers = numbers;
            this.root = root;
        }

        static FrozenConfig of(TensorConfig c) {
            return new FrozenConfig(
                    c.slot(),
                    c.value(),
                    c.isInitializer(),
                    c.state(),
                    c.observer(),
                    new Numbers(c.scheme(), c.qparams().orElse(null), c.isFixed()),
                    null);
        }

        static FrozenConfig of(Own own, Graph graph) {
            return of(own, graph, new Numbers(own.scheme(), own.qparams(), false), null);
        }

        static FrozenConfig of(Reading reading, Graph graph, FrozenConfig root) {
            return of(reading, graph, root.numbers, root);
        }

        private static FrozenConfig of(Row row, Graph graph, Numbers numbers, @Nullable FrozenConfig root) {
            Slot slot = row.slot();
            Node node = graph.node(slot.node())
                    .orElseThrow(() -> new IllegalArgumentException("the graph has no node '" + slot.node() + "'"));
            String value = slot.isInput() ? node.input(slot.index()) : node.output(slot.index());
            return new FrozenConfig(slot, value, graph.isInitializer(value), row.state(), "", numbers, root);
        }

        FrozenConfig under(FrozenConfig other) {
            return new FrozenConfig(slot, value, initializer, state, observer, other.numbers, other);
        }

        @Override
        public Slot slot() {
            return slot;
        }

        @Override
        public String value() {
            return value;
        }

        @Override
        public boolean isInitializer() {
            return initializer;
        }

        @Override
        public QuantizationState state() {
            return state;
        }

        @Override
        public TensorQuantization root() {
            return root == null ? this : root;
        }

        @Override
        public Scheme scheme() {
            return numbers.scheme();
        }

        @Override
        public Optional<QuantizationParameters> qparams() {
            return Optional.ofNullable(numbers.qparams());
        }

        @Override
        public boolean isFixed() {
            return numbers.fixed();
        }

        @Override
        public String observer() {
            return observer;
        }

        @Override
        public String toString() {
            return slot + " [" + state + "]";
        }
    }
}
