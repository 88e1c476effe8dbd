package dev.detent.runtime;

import dev.detent.spi.backend.Operators;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.observe.Observer;
import dev.detent.spi.run.Simulator.Observation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiConsumer;

/** The observers of one pass: every worker gets its own, merged when it has finished. */
final class Observers {

    /** An observer and how many samples, the first ones, it is shown. */
    record Watch(Observer observer, int samples) {}

    /** What an observation keeps of which value. */
    private record Place(String value, String sketch, int samples) {}

    private final List<Observation> observations;
    private final Set<String> neverNegative;
    private final List<Observer> merged = new ArrayList<>();
    /** Observations that add up from others: they are shown nothing. */
    private final Map<Integer, List<Integer>> joined;

    Observers(Graph graph, List<Observation> observations) {
        this.observations = observations;
        this.neverNegative = Operators.neverNegative(graph);
        observations.forEach(o -> merged.add(observer(o)));
        this.joined = joined(graph);
    }

    /** Hands a worker's observers to {@code attach}, with the values they watch; run what comes back when the worker has finished. */
    Runnable attach(BiConsumer<String, Watch> attach) {
        Map<Integer, Observer> mine = new LinkedHashMap<>();
        for (int i = 0; i < observations.size(); i++) {
            if (!joined.containsKey(i)) {
                Observer observer = observer(observations.get(i));
                mine.put(i, observer);
                attach.accept(observations.get(i).value(), new Watch(observer, observations.get(i).samples()));
            }
        }
        return () -> {
            synchronized (merged) {
                mine.forEach((i, observer) -> merged.get(i).merge(observer));
            }
        };
    }

    /** What all workers saw, in the order of the observations; once, when they have finished. */
    List<Observer> merged() {
        joined.forEach((whole, parts) -> parts.forEach(p -> merged.get(whole).merge(merged.get(p))));
        return merged;
    }

    private Observer observer(Observation o) {
        Observer observer = o.observer().get();
        if (neverNegative.contains(o.value())) {
            observer.expectNonNegative();
        }
        return observer;
    }

    /** Observations of concatenations that add up from those of their parts, which are of one shape; parts come before wholes. */
    private Map<Integer, List<Integer>> joined(Graph graph) {
        Map<Place, Integer> byPlace = new HashMap<>();
        for (int i = 0; i < observations.size(); i++) {
            if (!observations.get(i).sketch().isEmpty() && merged.get(i).addsUp()) {
                byPlace.put(place(observations.get(i), observations.get(i).value()), i);
            }
        }
        Map<Integer, List<Integer>> found = new LinkedHashMap<>();
        for (Node n : graph.nodes()) {
            boolean alike = n.is("Concat") && n.inputs().stream().map(v -> graph.valueInfo(v).flatMap(ValueInfo::shape)).distinct().count() == 1
                    && graph.valueInfo(n.input(0)).flatMap(ValueInfo::shape).isPresent();
            for (int i = 0; alike && i < observations.size(); i++) {
                Observation whole = observations.get(i);
                if (whole.value().equals(n.output(0)) && byPlace.containsKey(place(whole, whole.value()))) {
                    List<Integer> parts = n.inputs().stream().map(v -> byPlace.get(place(whole, v))).toList();
                    if (parts.stream().allMatch(Objects::nonNull)) {
                        found.put(i, parts);
                    }
                }
            }
        }
        return found;
    }

    private static Place place(Observation o, String value) {
        return new Place(value, o.sketch(), o.samples());
    }
}
