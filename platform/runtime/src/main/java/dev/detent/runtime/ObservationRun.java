package dev.detent.runtime;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.run.Simulator.Observation;
import dev.detent.support.operator.NonNegativeValues;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiConsumer;

/** The sketches of one pass: every worker gets its own, merged when it has finished. */
final class ObservationRun<S extends Sketch> {

    /** A sketch and how many samples, the first ones, it is shown. */
    record Watch(Sketch sketch, int samples) {}

    /** What an observation keeps of which value. */
    private record Place(String value, String kept, int samples) {}

    private final List<Observation<S>> observations;
    private final Set<String> neverNegative;
    private final List<S> merged = new ArrayList<>();
    /** Observations that add up from others: they are shown nothing. */
    private final Map<Integer, List<Integer>> joined;

    ObservationRun(Graph graph, List<Observation<S>> observations) {
        this.observations = observations;
        this.neverNegative = NonNegativeValues.in(graph);
        observations.forEach(o -> merged.add(sketch(o)));
        this.joined = joined(graph);
    }

    /**
     * Hands a worker's sketches to {@code attach}, with the values they watch; run what comes back when the worker has
     * finished.
     */
    Runnable attach(BiConsumer<String, Watch> attach) {
        Map<Integer, S> mine = new LinkedHashMap<>();
        for (int i = 0; i < observations.size(); i++) {
            if (!joined.containsKey(i)) {
                S sketch = sketch(observations.get(i));
                mine.put(i, sketch);
                attach.accept(
                        observations.get(i).value(),
                        new Watch(sketch, observations.get(i).samples()));
            }
        }
        return () -> {
            synchronized (merged) {
                mine.forEach((i, sketch) -> merged.get(i).merge(sketch));
            }
        };
    }

    /** What all workers saw, in the order of the observations; once, when they have finished. */
    List<S> merged() {
        joined.forEach((whole, parts) -> parts.forEach(p -> merged.get(whole).merge(merged.get(p))));
        return merged;
    }

    private S sketch(Observation<S> o) {
        S sketch = o.sketch().get();
        if (neverNegative.contains(o.value())) {
            sketch.expectNonNegative();
        }
        return sketch;
    }

    /**
     * Observations of concatenations that add up from those of their parts, which are of one shape; parts come before
     * wholes.
     */
    private Map<Integer, List<Integer>> joined(Graph graph) {
        Map<Place, Integer> byPlace = new HashMap<>();
        for (int i = 0; i < observations.size(); i++) {
            if (!observations.get(i).kept().isEmpty() && merged.get(i).addsUp()) {
                byPlace.put(place(observations.get(i), observations.get(i).value()), i);
            }
        }
        Map<Integer, List<Integer>> found = new LinkedHashMap<>();
        for (Node n : graph.nodes()) {
            boolean alike = n.is("Concat")
                    && n.inputs().stream()
                                    .map(v -> graph.valueInfo(v).flatMap(ValueInfo::shape))
                                    .distinct()
                                    .count()
                            == 1
                    && graph.valueInfo(n.input(0)).flatMap(ValueInfo::shape).isPresent();
            for (int i = 0; alike && i < observations.size(); i++) {
                Observation<S> whole = observations.get(i);
                if (whole.value().equals(n.output(0)) && byPlace.containsKey(place(whole, whole.value()))) {
                    List<Integer> parts = n.inputs().stream()
                            .map(v -> byPlace.get(place(whole, v)))
                            .toList();
                    if (parts.stream().allMatch(Objects::nonNull)) {
                        found.put(i, parts);
                    }
                }
            }
        }
        return found;
    }

    private static Place place(Observation<?> o, String value) {
        return new Place(value, o.kept(), o.samples());
    }
}
