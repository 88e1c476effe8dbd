package dev.detent.host.pipeline;

import dev.detent.runtime.OrtModel;
import dev.detent.runtime.OrtOptimizationLevel;
import dev.detent.runtime.Samples;
import dev.detent.runtime.SegmentedSimulation;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.problem.InternalException;
import dev.detent.spi.run.Simulator.Observation;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Observations of the float network. Of a run for several targets they are collected first, from trial runs that end
 * where they would look at data; then every different graph is run once with all observers of all targets; then the
 * real runs find their sketches here.
 */
public final class FloatObservationCache implements AutoCloseable {

    /** Ends a trial run; told from others by identity. */
    private final InternalException collected =
            new InternalException("DT-RUN-091", "a trial run went on where it should have ended", "", null);

    private record Key(String value, String kept, int limit) {}

    /** A graph and what was asked about it. */
    private record Wanted(Graph graph, Map<Key, Observation<Sketch>> observations) {}

    private final int workers;
    private final Map<String, Wanted> wanted = new LinkedHashMap<>();
    private final Map<String, Map<Key, Sketch>> kept = new LinkedHashMap<>();
    private boolean collecting;
    /** The graph that was digested last: reading all weights is worth doing once. */
    private @Nullable Graph digested;

    private int digestedRevision;
    private String lastDigest = "";
    /** The graph, cut where it was observed last, for a second look at some of the same values. */
    private @Nullable SegmentedSimulation cut;

    private String cutDigest = "";
    private Set<String> cutValues = Set.of();

    public FloatObservationCache(int workers) {
        this.workers = workers;
    }

    private static Key key(Observation<?> o, int limit) {
        return new Key(o.value(), o.kept(), Math.min(o.samples(), limit));
    }

    /** Runs {@code trial}, a pipeline on a copy of the graph, as far as its first look at the float network. */
    public void collect(Runnable trial) {
        collecting = true;
        try {
            trial.run();
        } catch (InternalException e) {
            if (e != collected) {
                throw e;
            }
        } finally {
            collecting = false;
        }
    }

    /** One pass over the samples for each different graph. */
    public void observeCollected(Samples samples, IntConsumer progress) {
        wanted.forEach((digest, w) -> {
            List<Key> keys = List.copyOf(w.observations().keySet());
            int limit = keys.stream().mapToInt(Key::limit).max().orElse(0);
            List<Sketch> seen =
                    run(digest, w.graph(), List.copyOf(w.observations().values()), samples.first(limit), progress);
            Map<Key, Sketch> sketches = kept.computeIfAbsent(digest, k -> new LinkedHashMap<>());
            for (int i = 0; i < keys.size(); i++) {
                sketches.put(keys.get(i), seen.get(i));
            }
        });
        wanted.clear();
    }

    /** Different graphs that were run. */
    public int graphs() {
        return kept.size();
    }

    <S extends Sketch> List<S> observe(
            Graph graph, List<Observation<S>> observations, Samples samples, int limit, IntConsumer progress) {
        if (graph != digested || graph.revision() != digestedRevision) {
            lastDigest = digest(graph);
            digested = graph;
            digestedRevision = graph.revision();
        }
        String digest = lastDigest;
        List<Key> keys = observations.stream().map(o -> key(o, limit)).toList();
        if (collecting) {
            Map<Key, Observation<Sketch>> of = wanted.computeIfAbsent(
                            digest, k -> new Wanted(graph.copy(), new LinkedHashMap<>()))
                    .observations();
            for (int i = 0; i < keys.size(); i++) {
                if (!keys.get(i).kept().isEmpty()) {
                    Observation<S> o = observations.get(i);
                    of.putIfAbsent(
                            keys.get(i),
                            new Observation<>(o.value(), o.kept(), keys.get(i).limit(), o.sketch()));
                }
            }
            throw collected;
        }
        Map<Key, Sketch> sketches = kept.computeIfAbsent(digest, k -> new LinkedHashMap<>());
        List<Observation<S>> missing = new ArrayList<>();
        Set<Key> asked = new LinkedHashSet<>();
        for (int i = 0; i < keys.size(); i++) {
            Key key = keys.get(i);
            if (key.kept().isEmpty() || !sketches.containsKey(key) && asked.add(key)) {
                missing.add(observations.get(i));
            }
        }
        List<S> fresh = missing.isEmpty() ? List.of() : run(digest, graph, missing, samples.first(limit), progress);
        Map<Observation<S>, S> unshared = new IdentityHashMap<>();
        for (int i = 0; i < fresh.size(); i++) {
            Observation<S> o = missing.get(i);
            if (o.kept().isEmpty()) {
                unshared.put(o, fresh.get(i));
            } else {
                sketches.put(key(o, limit), fresh.get(i));
            }
        }
        List<S> all = new ArrayList<>();
        for (int i = 0; i < keys.size(); i++) {
            all.add(
                    keys.get(i).kept().isEmpty()
                            ? Objects.requireNonNull(unshared.get(observations.get(i)))
                            : FloatObservationCache.<S>shared(Objects.requireNonNull(sketches.get(keys.get(i)))));
        }
        return all;
    }

    /** What is kept of a value under one name is of one class, as {@link Observation} says. */
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    private static <S extends Sketch> S shared(Sketch sketch) {
        return (S) sketch;
    }

    /** Runs the float network for its outputs: where it is cut already, if this graph was observed last. */
    void forEach(Graph graph, Samples samples, SegmentedSimulation.OutputSink sink) {
        SegmentedSimulation model = cut;
        if (model != null
                && graph == digested
                && graph.revision() == digestedRevision
                && lastDigest.equals(cutDigest)) {
            model.forEach(samples, workers, d -> {}, sink);
        } else {
            try (OrtModel whole = OrtModel.of(graph, OrtOptimizationLevel.ALL, "float model")) {
                whole.forEach(samples, workers, d -> {}, sink);
            }
        }
    }

    private <S extends Sketch> List<S> run(
            String digest, Graph graph, List<Observation<S>> observations, Samples samples, IntConsumer progress) {
        Set<String> values =
                observations.stream().map(Observation::value).collect(Collectors.toCollection(LinkedHashSet::new));
        SegmentedSimulation model = cut;
        if (model == null || !digest.equals(cutDigest) || !cutValues.containsAll(values)) {
            close();
            model = SegmentedSimulation.of(graph, Optional.empty(), values, OrtOptimizationLevel.ALL);
            cut = model;
            cutDigest = digest;
            cutValues = values;
        }
        return model.observe(observations, samples, workers, progress);
    }

    @Override
    public void close() {
        if (cut != null) {
            cut.close();
            cut = null;
        }
    }

    /** What the float network computes: nodes and weights. */
    private static String digest(Graph graph) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            graph.nodes()
                    .forEach(n ->
                            sha.update((n.name() + n.domain() + n.opType() + n.inputs() + n.outputs() + n.attributes())
                                    .getBytes(StandardCharsets.UTF_8)));
            graph.initializers().forEach((name, t) -> {
                sha.update((name + t).getBytes(StandardCharsets.UTF_8));
                sha.update(t.bytes());
            });
            return HexFormat.of().formatHex(sha.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new InternalException("DT-RUN-092", "every JDK has SHA-256", "", e);
        }
    }
}
