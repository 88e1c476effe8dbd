package dev.detent.host.pipeline;

import dev.detent.host.evaluate.EvaluationMetrics;
import dev.detent.host.progress.Progress;
import dev.detent.runtime.OrtModel;
import dev.detent.runtime.OrtOptimizationLevel;
import dev.detent.runtime.Samples;
import dev.detent.runtime.SegmentedSimulation;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.run.Simulator.Observation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What passes of all targets of a run have seen of float networks. Requests of one moment are merged: every different
 * graph is run once, with all observers of all targets. What one target has seen, another one that asks the same about
 * the same graph finds here. Used by one thread.
 */
final class FloatObservations implements AutoCloseable {

    /** Observations with equal keys share one sketch. */
    record Key(String value, String kept, int samples) {}

    /** What a pass asks about a graph. */
    record Request(String pass, Graph graph, List<Observation<Sketch>> observations) {}

    /** Observations of one float graph, shared by all targets whose graphs are equal to it. */
    private record Wanted(Graph graph, Map<Key, Observation<Sketch>> observations) {}

    private record Outputs(String digest, int limit, EvaluationMetrics.Reference reference) {}

    private final Samples samples;
    private final int workers;
    private final GraphDigests digests = new GraphDigests();
    private final Map<String, Map<Key, Sketch>> seen = new HashMap<>();
    private int graphsOfFirstLook = -1;
    /** A graph, partitioned where it was observed last: for a second look at some of the same values. */
    private @Nullable SegmentedSimulation partitioned;

    private String partitionedDigest = "";
    private Set<String> partitionedValues = Set.of();
    private @Nullable Outputs outputs;

    FloatObservations(Samples samples, int workers) {
        this.samples = samples;
        this.workers = workers;
    }

    Key key(Observation<?> o) {
        return new Key(o.value(), o.kept(), Math.min(o.samples(), samples.size()));
    }

    /** Number of different float graphs among the first requests, which is the number of passes over the data. */
    int graphsOfFirstLook() {
        return Math.max(0, graphsOfFirstLook);
    }

    /** One pass over the samples for each different graph about which something is asked that nobody has seen yet. */
    void look(List<Request> requests, Progress progress) {
        Map<String, Wanted> wanted = new LinkedHashMap<>();
        for (Request r : requests) {
            String digest = digests.of(r.graph());
            Wanted of = wanted.computeIfAbsent(digest, d -> new Wanted(r.graph(), new LinkedHashMap<>()));
            r.observations().forEach(o -> {
                if (!seen(digest).containsKey(key(o))) {
                    of.observations().putIfAbsent(key(o), o);
                }
            });
        }
        if (graphsOfFirstLook < 0) {
            graphsOfFirstLook = wanted.size();
        }
        String what = requests.size() == 1 ? requests.get(0).pass() : "observation";
        // Graphs that are already partitioned go first; otherwise they would have to be partitioned again later.
        List<String> order = new ArrayList<>(wanted.keySet());
        order.sort((a, b) -> Boolean.compare(b.equals(partitionedDigest), a.equals(partitionedDigest)));
        order.forEach(digest -> run(digest, Objects.requireNonNull(wanted.get(digest)), what, progress));
    }

    private Map<Key, Sketch> seen(String digest) {
        return seen.computeIfAbsent(digest, d -> new HashMap<>());
    }

    private void run(String digest, Wanted wanted, String what, Progress progress) {
        if (wanted.observations().isEmpty()) {
            return;
        }
        List<Key> keys = List.copyOf(wanted.observations().keySet());
        Samples some = samples.first(keys.stream().mapToInt(Key::samples).max().orElse(0));
        Set<String> values = new LinkedHashSet<>();
        keys.forEach(k -> values.add(k.value()));
        List<Sketch> sketches = partitioned(digest, wanted.graph(), values)
                .observe(
                        List.copyOf(wanted.observations().values()),
                        some,
                        workers,
                        done -> progress.at(what, done, some.size()));
        for (int i = 0; i < keys.size(); i++) {
            seen(digest).put(keys.get(i), sketches.get(i));
        }
    }

    private SegmentedSimulation partitioned(String digest, Graph graph, Set<String> values) {
        SegmentedSimulation model = partitioned;
        if (model == null || !digest.equals(partitionedDigest) || !partitionedValues.containsAll(values)) {
            close();
            model = SegmentedSimulation.of(graph, Optional.empty(), values, OrtOptimizationLevel.ALL);
            partitioned = model;
            partitionedDigest = digest;
            partitionedValues = values;
        }
        return model;
    }

    /** The sketches of observations that have been asked for, by key. */
    Map<Key, Sketch> sketches(Request request) {
        Map<Key, Sketch> all = seen(digests.of(request.graph()));
        Map<Key, Sketch> asked = new LinkedHashMap<>();
        request.observations().forEach(o -> asked.put(key(o), Objects.requireNonNull(all.get(key(o)))));
        return asked;
    }

    /** The float outputs of a graph on the first {@code limit} samples; those of the graph asked for last are kept. */
    EvaluationMetrics.Reference outputs(Graph graph, int limit) {
        String digest = digests.of(graph);
        Outputs known = outputs;
        if (known == null || !known.digest().equals(digest) || known.limit() != limit) {
            List<String> names = graph.outputs().stream()
                    .map(ValueInfo::name)
                    .filter(graph::isFloat)
                    .toList();
            known = new Outputs(
                    digest,
                    limit,
                    EvaluationMetrics.Reference.of(
                            names, samples.first(limit), (some, sink) -> forEach(digest, graph, some, sink)));
            outputs = known;
        }
        return known.reference();
    }

    /** Runs the float network for its outputs, partitioned as it is if it was observed last. */
    private void forEach(String digest, Graph graph, Samples some, SegmentedSimulation.OutputSink sink) {
        SegmentedSimulation model = partitioned;
        if (model != null && digest.equals(partitionedDigest)) {
            model.forEach(some, workers, d -> {}, sink);
        } else {
            try (OrtModel whole = OrtModel.of(graph, OrtOptimizationLevel.ALL, "float model")) {
                whole.forEach(some, workers, d -> {}, sink);
            }
        }
    }

    @Override
    public void close() {
        if (partitioned != null) {
            partitioned.close();
            partitioned = null;
        }
    }
}
