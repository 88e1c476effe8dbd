package dev.detent.host.pipeline;

import dev.detent.host.evaluate.EvaluationMetrics;
import dev.detent.host.observe.Observations;
import dev.detent.host.observe.SampleRanges;
import dev.detent.host.observe.Shard;
import dev.detent.host.problem.ObservationProblems;
import dev.detent.host.progress.Progress;
import dev.detent.runtime.OrtModel;
import dev.detent.runtime.OrtOptimizationLevel;
import dev.detent.runtime.Samples;
import dev.detent.runtime.SegmentedSimulation;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.observe.SketchState;
import dev.detent.spi.problem.PluginException;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.run.Simulator.Observation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What passes of all targets of a run have seen of float networks. Requests of one moment are merged: every different
 * graph is run once, with all observers of all targets. What one target has seen, another one that asks the same about
 * the same graph finds here, and so does what was kept of an earlier run. Used by one thread.
 */
final class FloatObservations implements AutoCloseable {

    /**
     * What a pass asks about a graph.
     *
     * @param everywhere the pass changes the network by it, and others look at that one: every shard is shown all
     *     samples
     */
    record Request(String pass, Graph graph, List<Observation<Sketch>> observations, boolean everywhere) {}

    /** Observations of one float graph, shared by all targets whose graphs are equal to it. */
    private record Wanted(
            Graph graph, Map<Observations.Key, Observation<Sketch>> observations, Set<Observations.Key> everywhere) {}

    /** What was seen of one float graph. */
    private record Seen(
            Map<Observations.Key, Sketch> sketches,
            Set<Observations.Key> everywhere,
            SortedMap<String, SampleRanges> ranges) {
        Seen() {
            this(new HashMap<>(), new HashSet<>(), new TreeMap<>());
        }
    }

    private record Outputs(String digest, int limit, EvaluationMetrics.Reference reference) {}

    private final CalibrationData data;
    private final int workers;
    private final GraphDigests digests = new GraphDigests();
    private final Map<String, Seen> seen = new HashMap<>();
    private int graphsOfFirstLook = -1;
    /** A graph, partitioned where it was observed last: for a second look at some of the same values. */
    private @Nullable SegmentedSimulation partitioned;

    private String partitionedDigest = "";
    private Set<String> partitionedValues = Set.of();
    private @Nullable Outputs outputs;

    FloatObservations(CalibrationData data, int workers) {
        this.data = data;
        this.workers = workers;
    }

    Observations.Key key(Observation<?> o) {
        return Observations.Key.of(o.value(), o.kept(), o.samples(), data.size());
    }

    /**
     * The first of what is asked that nothing can answer: it is not among the known statistics, and there are no
     * samples.
     */
    Optional<Observation<Sketch>> lacking(Request request) {
        if (data.looked().size() > 0) {
            return Optional.empty();
        }
        String digest = digests.of(request.graph());
        return request.observations().stream()
                .filter(o -> known(digest, o).isEmpty())
                .findFirst();
    }

    /** There are statistics of an earlier run. */
    boolean isKnown() {
        return data.known().isPresent();
    }

    private Optional<SketchState> known(String digest, Observation<Sketch> o) {
        return data.known().flatMap(k -> k.find(digest, o.value(), o.kept(), o.samples()));
    }

    /** Everything that was seen, as far as it can be kept in a file. */
    SortedMap<String, SortedMap<Observations.Key, Observations.Kept>> kept() {
        SortedMap<String, SortedMap<Observations.Key, Observations.Kept>> all = new TreeMap<>();
        seen.forEach((digest, of) -> {
            SortedMap<Observations.Key, Observations.Kept> kept = new TreeMap<>();
            of.sketches()
                    .forEach((key, sketch) -> sketch.state()
                            .ifPresent(s -> kept.put(
                                    key, new Observations.Kept(of.everywhere().contains(key), s))));
            all.put(digest, kept);
        });
        return all;
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
            Wanted of =
                    wanted.computeIfAbsent(digest, d -> new Wanted(r.graph(), new LinkedHashMap<>(), new HashSet<>()));
            r.observations().forEach(o -> {
                if (!seen(digest).sketches().containsKey(key(o))) {
                    of.observations().putIfAbsent(key(o), o);
                    if (r.everywhere()) {
                        of.everywhere().add(key(o));
                    }
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

    private Seen seen(String digest) {
        return seen.computeIfAbsent(digest, d -> new Seen());
    }

    private void run(String digest, Wanted wanted, String what, Progress progress) {
        List<Observations.Key> shown = new ArrayList<>();
        wanted.observations()
                .forEach((key, o) -> known(digest, o)
                        .ifPresentOrElse(
                                state -> seen(digest).sketches().put(key, restored(o, state)), () -> shown.add(key)));
        if (shown.isEmpty()) {
            return;
        }
        seen(digest).everywhere().addAll(wanted.everywhere());
        Set<String> values = new LinkedHashSet<>();
        shown.forEach(k -> values.add(k.value()));
        SegmentedSimulation model = partitioned(digest, wanted.graph(), values);
        boolean whole = data.shard().equals(Shard.WHOLE);
        List<Observation<Sketch>> parts = new ArrayList<>();
        List<Observation<Sketch>> wholes = new ArrayList<>();
        for (Observations.Key k : shown) {
            Observation<Sketch> o = Objects.requireNonNull(wanted.observations().get(k));
            if (whole || wanted.everywhere().contains(k)) {
                wholes.add(o);
            } else {
                parts.add(new Observation<>(o.value(), o.kept(), inShard(o.samples()), o.sketch()));
            }
        }
        List<String> ranged = whole ? ranged(digest, wanted.graph(), shown) : List.of();
        ranged.forEach(v -> wholes.add(new Observation<>(v, SampleRanges::new)));
        List<Sketch> ofWholes = observe(model, wholes, data.looked(), what, progress);
        List<Sketch> ofParts = observe(model, parts, data.shard().of(data.looked()), what, progress);
        Iterator<Sketch> nextWhole = ofWholes.iterator();
        Iterator<Sketch> nextPart = ofParts.iterator();
        for (Observations.Key k : shown) {
            boolean all = whole || wanted.everywhere().contains(k);
            seen(digest).sketches().put(k, all ? nextWhole.next() : nextPart.next());
        }
        ranged.forEach(v -> seen(digest).ranges().put(v, (SampleRanges) nextWhole.next()));
    }

    /**
     * Values whose range in each sample is kept besides, which costs next to nothing while they are there: those that
     * something sees in all samples. A Concat's are those of its inputs.
     */
    private List<String> ranged(String digest, Graph graph, List<Observations.Key> shown) {
        Set<String> joined = graph.nodes().stream()
                .filter(n -> n.is("Concat"))
                .map(n -> n.output(0))
                .collect(Collectors.toSet());
        return shown.stream()
                .filter(k -> k.limit() == Integer.MAX_VALUE)
                .map(Observations.Key::value)
                .distinct()
                .filter(v -> !joined.contains(v) && !seen(digest).ranges().containsKey(v))
                .toList();
    }

    /** How far values of a graph reach in each sample, where this run has looked at all of them. */
    SortedMap<String, SampleRanges> ranges(Graph graph) {
        return seen(digests.of(graph)).ranges();
    }

    /** How many of the shard's samples are among the first {@code limit} of all. */
    private int inShard(int limit) {
        return limit == Integer.MAX_VALUE
                ? limit
                : Math.max(0, limit - data.shard().from(data.looked().size()));
    }

    private List<Sketch> observe(
            SegmentedSimulation model,
            List<Observation<Sketch>> observations,
            Samples all,
            String what,
            Progress progress) {
        if (observations.isEmpty()) {
            return List.of();
        }
        Samples some = all.first(
                observations.stream().mapToInt(Observation::samples).max().orElse(0));
        return model.observe(observations, some, workers, done -> progress.at(what, done, some.size()));
    }

    private Sketch restored(Observation<Sketch> o, SketchState state) {
        Sketch sketch = o.sketch().get();
        try {
            sketch.restore(state);
            return sketch;
        } catch (IllegalArgumentException | IndexOutOfBoundsException | PluginException e) {
            throw new UserException(
                    ObservationProblems.LACKING,
                    "holds something else of '" + o.value() + "' than '" + o.kept() + "' keeps; observe again: "
                            + e.getMessage(),
                    "--observations");
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

    /** The sketches of observations that have been asked for, by key; observations with equal keys share one. */
    Map<Observations.Key, Sketch> sketches(Request request) {
        Map<Observations.Key, Sketch> all = seen(digests.of(request.graph())).sketches();
        Map<Observations.Key, Sketch> asked = new LinkedHashMap<>();
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
                            names, data.samples().first(limit), (some, sink) -> forEach(digest, graph, some, sink)));
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
