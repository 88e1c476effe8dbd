package dev.detent.runtime;

import ai.onnxruntime.OrtSession;
import dev.detent.onnx.OnnxWriter;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.TensorQuantization;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A quantized network in which any quantization can be switched off, on, or to other numbers, and whose outputs are
 * then compared with the float network's: what layer analysis and the search for a mix of widths are made of. For each
 * sample both bases, the float and the quantized network, are computed once and every tensor at a cut is kept; a
 * {@link Variant} then computes only the segments behind what it changes. Serves one thread at a time, which it helps
 * with workers of its own.
 */
public final class SwitchableNetwork implements AutoCloseable {

    /** Weights of sessions with other constants, in bytes: when there are more, all of them are closed. */
    private static final long KEPT_WEIGHTS = 512L << 20;

    /** What all workers may hold of tensors at cuts, in bytes. */
    private static final long KEPT_TENSORS = 768L << 20;

    /** Looks at what a variant gave; called by worker threads, once for each sample and variant. */
    @FunctionalInterface
    public interface VariantSink {
        /** @param bases the sample in the float and the quantized network */
        void accept(int sample, int variant, Bases bases, SegmentedSimulation.Outputs outputs);
    }

    /** Looks at the two bases of a sample; called by worker threads, once for each sample, before its variants. */
    @FunctionalInterface
    public interface BaseSink {
        void accept(int sample, Bases bases);
    }

    /** A sample in the two bases, valid during the callback. */
    public interface Bases {
        /** Outputs of the float network; inner values at cuts too, as they lie in memory. */
        SegmentedSimulation.Outputs exact();

        /** Outputs of the quantized network. */
        SegmentedSimulation.Outputs quantized();

        /** A tensor at a cut of the float network in C order. */
        float[] ordered(String value);
    }

    /** A segment with sessions for both bases. */
    record Part(List<String> inputs, List<String> outputs, OrtSession quantized, OrtSession exact) {}

    /** What a variant means for the segments. */
    record Route(
            Variant variant,
            List<Integer> segments,
            Map<Integer, OrtSession> sessions,
            Map<Integer, Set<String>> reads,
            Set<String> touched,
            Set<String> keptRaw) {}

    private final Graph graph;
    private final PartitionPlan plan;
    private final NchwcLayout layout;
    private final List<Part> parts = new ArrayList<>();
    private final Map<String, Integer> partOfNode = new HashMap<>();
    private final Map<Slot, Tensor> floatConstants;
    private final Map<Slot, Tensor> quantizedConstants = new LinkedHashMap<>();
    private final Map<Integer, List<Slot>> constantsOfPart = new HashMap<>();
    private final Map<List<Object>, OrtSession> others = new HashMap<>();
    private final BlockedOrder order = new BlockedOrder();
    private long otherWeights;
    private long keptWeights = KEPT_WEIGHTS;

    private SwitchableNetwork(Graph graph, PartitionPlan plan, Map<Slot, Tensor> floatConstants) {
        this.graph = graph;
        this.plan = plan;
        this.floatConstants = new LinkedHashMap<>(floatConstants);
        this.layout = NchwcLayout.of(graph, plan, OrtOptimizationLevel.ALL);
    }

    /**
     * @param quantized the graph with its constants as the artefact has them
     * @param floatConstants by slot of an initializer that is quantized: the values in the float network. The graph may
     *     compute in other channels' scales than the model (equalization); so do these
     * @param between further float values to cut at, so that what is on their two sides can be changed apart
     */
    public static SwitchableNetwork of(
            Graph quantized, Quantization quantization, Map<Slot, Tensor> floatConstants, Set<String> between) {
        SwitchableNetwork network = new SwitchableNetwork(
                quantized, PartitionPlan.of(quantized, Optional.of(quantization), between), floatConstants);
        network.open();
        return network;
    }

    private void open() {
        List<GraphPartitioner.Part> cut = layout.parts();
        List<NchwcLayout.Plan> plans = layout.plans();
        for (int i = 0; i < cut.size(); i++) {
            for (Node n : cut.get(i).graph().nodes()) {
                partOfNode.put(n.name(), i);
            }
        }
        for (Slot slot : floatConstants.keySet()) {
            Integer part = partOfNode.get(slot.node());
            if (part != null) {
                constantsOfPart.computeIfAbsent(part, k -> new ArrayList<>()).add(slot);
                String name = nameInPart(slot);
                plan.constant(name).or(() -> graph.initializer(name)).ifPresent(t -> quantizedConstants.put(slot, t));
            }
        }
        List<Map<String, Tensor>> exact = IntStream.range(0, cut.size())
                .mapToObj(i -> new TreeMap<String, Tensor>())
                .map(m -> (Map<String, Tensor>) m)
                .toList();
        floatConstants.forEach((slot, t) -> {
            Integer part = partOfNode.get(slot.node());
            if (part != null) {
                exact.get(part).put(nameInPart(slot), t);
            }
        });
        List<Integer> changed = IntStream.range(0, cut.size())
                .filter(i -> !exact.get(i).isEmpty())
                .boxed()
                .toList();
        List<OrtSession> quantizedSessions = sessions(plans);
        List<OrtSession> floatSessions =
                sessions(layout.plans(changed, changed.stream().map(exact::get).toList()));
        for (int i = 0; i < cut.size(); i++) {
            int at = changed.indexOf(i);
            parts.add(new Part(
                    cut.get(i).inputs(),
                    cut.get(i).outputs(),
                    quantizedSessions.get(i),
                    at < 0 ? quantizedSessions.get(i) : floatSessions.get(at)));
        }
    }

    private static List<OrtSession> sessions(List<NchwcLayout.Plan> plans) {
        return plans.parallelStream()
                .map(p -> OrtRuntime.session(
                        p.graph(), p.optimised() ? OrtOptimizationLevel.ASIS : OrtOptimizationLevel.ALL, "", false))
                .toList();
    }

    private String nameInPart(Slot slot) {
        return plan.read(graph.node(slot.node()).orElseThrow(), slot.index());
    }

    /** The values a quantized initializer has at a slot, as the quantized network computes with them. */
    public Optional<Tensor> quantizedConstant(Slot slot) {
        return Optional.ofNullable(quantizedConstants.get(slot));
    }

    /** The same in the float network; empty when it is the same. */
    public Optional<Tensor> floatConstant(Slot slot) {
        return Optional.ofNullable(floatConstants.get(slot));
    }

    /** What quantizes at a value, by slot: of its producer, and of each group of readers that quantizes it again. */
    public List<TensorQuantization> quantizers(String value) {
        PartitionPlan.Cut cut = plan.cuts().get(value);
        List<TensorQuantization> all = new ArrayList<>();
        if (cut != null) {
            if (cut.producer() != null) {
                all.add(cut.producer());
            }
            cut.versions().forEach(v -> all.add(v.config()));
        }
        return all;
    }

    /** An input that is no initializer reads a quantized value. */
    public boolean isQuantizedFor(Node node, int input) {
        String read = plan.read(node, input);
        PartitionPlan.Cut cut = plan.cuts().get(plan.base(read));
        return cut != null && (cut.producer() != null || !read.equals(cut.value()));
    }

    /** Weights of sessions with other constants, in bytes: when there are more, all of them are closed. */
    void keepWeights(long bytes) {
        keptWeights = bytes;
    }

    /** Values where the network is cut. */
    public Set<String> cuts() {
        return plan.cuts().keySet();
    }

    /** Real channels of a tensor that lies in blocks; empty when it lies in C order. */
    public Optional<Integer> blockedChannels(String value) {
        return layout.channels(value);
    }

    /**
     * Computes both bases and all variants of every sample.
     *
     * @param workers at most so many samples side by side; fewer where their tensors would take too much memory
     */
    public void run(
            List<Variant> variants,
            Samples samples,
            int workers,
            IntConsumer progress,
            BaseSink baseSink,
            VariantSink sink) {
        List<Route> routes = routes(variants);
        AtomicInteger next = new AtomicInteger();
        AtomicInteger done = new AtomicInteger();
        Workers.run(Math.max(1, Math.min(affordable(workers), samples.size())), stop -> {
            try (SwitchableNetworkWorker frame = new SwitchableNetworkWorker(this)) {
                for (int i = next.getAndIncrement(); i < samples.size() && !stop.get(); i = next.getAndIncrement()) {
                    int sample = i;
                    frame.bases(samples.get(i), samples.describe(i));
                    baseSink.accept(i, frame);
                    for (int v = 0; v < routes.size() && !stop.get(); v++) {
                        sink.accept(sample, v, frame, frame.run(routes.get(v)));
                    }
                    frame.release();
                    progress.accept(done.incrementAndGet());
                }
            }
        });
    }

    /** Four copies of every tensor at a cut for each worker: float, raw, quantized, of a variant. */
    private int affordable(int workers) {
        long bytes = plan.cuts().keySet().stream()
                .mapToLong(v -> 16
                        * graph.valueInfo(v)
                                .flatMap(ValueInfo::shape)
                                .map(s -> s.stream()
                                        .mapToLong(d -> d.isKnown() ? d.size() : 1)
                                        .reduce(1, (a, b) -> a * b))
                                .orElse(1L))
                .sum();
        return (int) Math.max(1, Math.min(workers, KEPT_TENSORS / Math.max(1, bytes)));
    }

    /** Segments of one variant that need a session for constants of their own, and those that have one. */
    private record Choice(Map<Integer, OrtSession> there, Map<Integer, List<Object>> missing) {}

    private List<Route> routes(List<Variant> variants) {
        List<Choice> choices = new ArrayList<>();
        Map<List<Object>, Map<String, Tensor>> wanted = new LinkedHashMap<>();
        for (Variant v : variants) {
            choices.add(choose(v, wanted));
        }
        openOthers(wanted);
        List<Route> routes = new ArrayList<>();
        for (int i = 0; i < variants.size(); i++) {
            Map<Integer, OrtSession> sessions = new HashMap<>(choices.get(i).there());
            choices.get(i)
                    .missing()
                    .forEach((part, key) -> sessions.put(part, Objects.requireNonNull(others.get(key))));
            routes.add(route(variants.get(i), sessions));
        }
        return routes;
    }

    /** A segment whose constants are all those of one base needs no session of its own. */
    private Choice choose(Variant v, Map<List<Object>, Map<String, Tensor>> wanted) {
        Map<Integer, OrtSession> there = new HashMap<>();
        Map<Integer, List<Object>> missing = new HashMap<>();
        Set<Integer> concerned = new TreeSet<>();
        v.constants().keySet().stream()
                .map(s -> partOfNode.get(s.node()))
                .filter(p -> p != null)
                .forEach(concerned::add);
        for (int part : concerned) {
            Map<String, Tensor> tensors = new TreeMap<>();
            boolean quantized = true;
            boolean floats = true;
            for (Slot slot : constantsOfPart.getOrDefault(part, List.of())) {
                Tensor base = v.base() == Variant.Base.FLOAT ? floatConstants.get(slot) : quantizedConstants.get(slot);
                Tensor t = v.constants().getOrDefault(slot, Objects.requireNonNull(base));
                tensors.put(nameInPart(slot), t);
                quantized &= same(t, quantizedConstants.get(slot));
                floats &= same(t, floatConstants.get(slot));
            }
            if (quantized) {
                there.put(part, parts.get(part).quantized());
            } else if (floats) {
                there.put(part, parts.get(part).exact());
            } else {
                List<Object> key = key(part, tensors);
                wanted.putIfAbsent(key, tensors);
                missing.put(part, key);
            }
        }
        return new Choice(there, missing);
    }

    /** A caller that means the same values hands in the same tensor. */
    private static boolean same(@Nullable Tensor a, @Nullable Tensor b) {
        return new Same(a).equals(new Same(b));
    }

    private static List<Object> key(int part, Map<String, Tensor> tensors) {
        List<Object> key = new ArrayList<>(List.of(part));
        tensors.forEach((name, t) -> {
            key.add(name);
            key.add(new Same(t));
        });
        return key;
    }

    /** Compares tensors by identity. */
    private record Same(@Nullable Tensor tensor) {
        @Override
        @SuppressWarnings("ReferenceEquality")
        public boolean equals(@Nullable Object other) {
            return other instanceof Same s && s.tensor == tensor;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(tensor);
        }
    }

    private void openOthers(Map<List<Object>, Map<String, Tensor>> wanted) {
        if (otherWeights > keptWeights && !others.keySet().containsAll(wanted.keySet())) {
            // Before what is open is taken off the list: a session that is closed here must be opened again.
            closeOthers();
        }
        wanted.keySet().removeAll(others.keySet());
        if (wanted.isEmpty()) {
            return;
        }
        List<List<Object>> keys = List.copyOf(wanted.keySet());
        List<Integer> part = keys.stream().map(k -> (Integer) k.get(0)).toList();
        List<NchwcLayout.Plan> plans =
                layout.plans(part, keys.stream().map(wanted::get).toList());
        List<OrtSession> opened = sessions(plans);
        for (int i = 0; i < keys.size(); i++) {
            others.put(keys.get(i), opened.get(i));
            otherWeights += OnnxWriter.weightBytes(plans.get(i).graph());
        }
    }

    private Route route(Variant v, Map<Integer, OrtSession> sessions) {
        Set<String> touched = new LinkedHashSet<>();
        Set<String> dirty = new LinkedHashSet<>();
        plan.cuts().forEach((value, cut) -> {
            boolean changes =
                    changes(v, cut.producer()) || cut.versions().stream().anyMatch(x -> changes(v, x.config()));
            if (changes) {
                touched.add(value);
                dirty.addAll(versions(value));
            }
        });
        Map<Integer, Set<String>> reads = new HashMap<>();
        Set<String> keptRaw = new LinkedHashSet<>();
        for (Slot slot : v.reads()) {
            Integer part = partOfNode.get(slot.node());
            if (part != null) {
                String read = nameInPart(slot);
                reads.computeIfAbsent(part, k -> new LinkedHashSet<>()).add(read);
                keptRaw.add(plan.base(read));
            }
        }
        List<Integer> segments = new ArrayList<>();
        for (int s = 0; s < parts.size(); s++) {
            if (sessions.containsKey(s)
                    || reads.containsKey(s)
                    || parts.get(s).inputs().stream().anyMatch(dirty::contains)) {
                segments.add(s);
                parts.get(s).outputs().forEach(o -> dirty.addAll(versions(o)));
            }
        }
        return new Route(v, segments, sessions, reads, touched, keptRaw);
    }

    private static boolean changes(Variant v, @Nullable TensorQuantization config) {
        return config != null
                && v.encodings().containsKey(config.slot())
                && !v.encodings().get(config.slot()).equals(encoding(v.base(), config));
    }

    /** What a base does at a slot. */
    static Optional<FakeQuantizer> encoding(Variant.Base base, TensorQuantization config) {
        return base == Variant.Base.FLOAT
                ? Optional.empty()
                : config.qparams().map(p -> new FakeQuantizer(config.scheme(), p));
    }

    private List<String> versions(String value) {
        List<String> names = new ArrayList<>(List.of(value));
        PartitionPlan.Cut cut = plan.cuts().get(value);
        if (cut != null) {
            cut.versions().forEach(v -> names.add(v.name()));
        }
        return names;
    }

    Graph graph() {
        return graph;
    }

    PartitionPlan plan() {
        return plan;
    }

    NchwcLayout layout() {
        return layout;
    }

    List<Part> parts() {
        return parts;
    }

    BlockedOrder order() {
        return order;
    }

    private void closeOthers() {
        others.values().forEach(OrtRuntime::close);
        others.clear();
        otherWeights = 0;
    }

    @Override
    public void close() {
        closeOthers();
        Map<OrtSession, Boolean> all = new IdentityHashMap<>();
        parts.forEach(p -> {
            all.put(p.quantized(), true);
            all.put(p.exact(), true);
        });
        all.keySet().forEach(OrtRuntime::close);
        order.close();
        parts.clear();
    }
}
