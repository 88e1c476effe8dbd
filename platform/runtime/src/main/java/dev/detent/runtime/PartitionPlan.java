package dev.detent.runtime;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.number.FakeQuantization;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where the graph is cut and what happens there. A value has a base version (raw, or quantized by its producer's slot)
 * and one further version for each different pair of scheme and parameters that quantizes it again on the way into
 * consumers.
 */
final class PartitionPlan {

    /** A version of a value; {@code config} stands for all that quantize it in the same way. */
    record Version(String name, TensorQuantization config) {}

    /** One cut. {@code producer} is null when the producer's slot does not quantize. */
    record Cut(String value, @Nullable TensorQuantization producer, List<Version> versions) {
        /** Some quantization here depends on the channel. */
        boolean isPerChannel() {
            return producer != null && producer.scheme().isPerChannel()
                    || versions.stream().anyMatch(v -> v.config().scheme().isPerChannel());
        }
    }

    private record Pair(Scheme scheme, QuantizationParameters parameters) {}

    /** An initializer that is quantized at run time: all weights of a large network are, so only when asked for. */
    private static final class Constant {
        private final Tensor floats;
        private final Pair pair;
        private @Nullable Tensor quantized;

        Constant(Tensor floats, Pair pair) {
            this.floats = floats;
            this.pair = pair;
        }

        Tensor quantized() {
            Tensor known = quantized;
            if (known == null) {
                float[] values = floats.floats();
                FakeQuantization.inPlace(values, floats.dims(), pair.scheme(), pair.parameters());
                known = Tensor.ofFloats(floats.dims(), values);
                quantized = known;
            }
            return known;
        }
    }

    private record Readers(TensorQuantization config, List<Graph.Use> uses) {}

    private final Map<String, Cut> cuts = new LinkedHashMap<>();
    /** (node, input) to the version it reads. */
    private final Map<Graph.Use, String> reads = new LinkedHashMap<>();
    /** Version to the value it is a version of. */
    private final Map<String, String> bases = new LinkedHashMap<>();
    /** By the version's name. */
    private final Map<String, Constant> constants = new LinkedHashMap<>();

    /** Cuts at every active slot and every value in {@code observed}, which must be float. */
    static PartitionPlan of(Graph graph, Optional<? extends Quantization> quantization, Set<String> observed) {
        for (String value : observed) {
            ElementType type = graph.valueInfo(value).map(ValueInfo::type).orElse(ElementType.UNDEFINED);
            if (type != ElementType.FLOAT) {
                throw new UserException(
                        RuntimeProblems.NOT_OBSERVABLE,
                        "is " + type + " and cannot be observed; only float32 tensors are quantized",
                        value);
            }
        }
        PartitionPlan plan = new PartitionPlan();
        Map<String, TensorQuantization> producers = new LinkedHashMap<>();
        Map<String, Map<Pair, Readers>> readers = new LinkedHashMap<>();
        if (quantization.isPresent()) {
            Quantization q = quantization.get();
            for (Node n : graph.nodes()) {
                for (TensorQuantization c : q.outputs(n)) {
                    if (c.state().isActive()) {
                        producers.put(c.value(), c);
                    }
                }
                for (TensorQuantization c : q.inputs(n)) {
                    if (!c.state().isActive()) {
                        continue;
                    }
                    Graph.Use use = new Graph.Use(n, c.slot().index());
                    if (graph.isInitializer(c.value())) {
                        plan.constant(graph, c, use);
                    } else {
                        readers.computeIfAbsent(c.value(), k -> new LinkedHashMap<>())
                                .computeIfAbsent(
                                        new Pair(c.scheme(), c.qparams().orElseThrow()),
                                        k -> new Readers(c, new ArrayList<>()))
                                .uses()
                                .add(use);
                    }
                }
            }
        }
        Set<String> all = new LinkedHashSet<>(producers.keySet());
        all.addAll(readers.keySet());
        all.addAll(observed);
        for (String value : all) {
            TensorQuantization producer = producers.get(value);
            List<Version> versions = new ArrayList<>();
            for (Map.Entry<Pair, Readers> e :
                    readers.getOrDefault(value, Map.of()).entrySet()) {
                if (producer != null
                        && new Pair(producer.scheme(), producer.qparams().orElseThrow()).equals(e.getKey())) {
                    // The same parameters twice change nothing.
                    continue;
                }
                String name = value + "::detent::" + (versions.size() + 1);
                plan.bases.put(name, value);
                versions.add(new Version(name, e.getValue().config()));
                e.getValue().uses().forEach(u -> plan.reads.put(u, name));
            }
            plan.cuts.put(value, new Cut(value, producer, versions));
        }
        return plan;
    }

    private void constant(Graph graph, TensorQuantization c, Graph.Use use) {
        Tensor t = graph.initializer(c.value()).orElseThrow();
        String name = c.value() + "::detent::" + c.slot();
        constants.put(name, new Constant(t, new Pair(c.scheme(), c.qparams().orElseThrow())));
        reads.put(use, name);
    }

    Map<String, Cut> cuts() {
        return cuts;
    }

    /** The value a version belongs to; a value is its own base version. */
    String base(String version) {
        return bases.getOrDefault(version, version);
    }

    boolean isCut(String value) {
        return cuts.containsKey(value);
    }

    /** Name of the version that input {@code index} of {@code node} reads. */
    String read(Node node, int index) {
        return reads.getOrDefault(new Graph.Use(node, index), node.input(index));
    }

    /** The quantized values of an initializer's version; empty where it is read as it is. Called by one thread. */
    Optional<Tensor> constant(String version) {
        return Optional.ofNullable(constants.get(version)).map(Constant::quantized);
    }

    /**
     * A plan for {@code quantization} would have cuts and readers in the same places; parameters may differ, they are
     * looked up for a run.
     */
    boolean serves(Graph graph, Quantization quantization) {
        PartitionPlan other = of(graph, Optional.of(quantization), Set.of());
        return places().equals(other.places())
                && reads.equals(other.reads)
                && constants.keySet().equals(other.constants.keySet());
    }

    private Map<String, List<Object>> places() {
        Map<String, List<Object>> places = new LinkedHashMap<>();
        cuts.forEach((value, cut) -> places.put(
                value,
                List.of(
                        cut.producer() == null ? "" : cut.producer().slot(),
                        cut.versions().stream()
                                .map(v -> v.name() + v.config().slot())
                                .toList())));
        return places;
    }
}
