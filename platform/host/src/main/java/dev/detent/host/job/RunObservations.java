package dev.detent.host.job;

import dev.detent.host.observe.Observations;
import dev.detent.host.observe.Shard;
import dev.detent.host.plugin.Registry;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** Statistics of a run: what they depend on, and what it has seen. */
final class RunObservations {

    private RunObservations() {}

    /** What statistics depend on besides data. */
    static Observations.Origin origin(QuantizeRequest request, PreparedModel model, Registry registry) {
        Map<String, Map<String, Object>> options = new TreeMap<>();
        request.settings()
                .observerOptions(registry)
                .forEach((observer, values) -> options.put(observer, new TreeMap<>(values)));
        return new Observations.Origin(
                model.facts().digest().sha256()
                        + model.facts()
                                .weights()
                                .map(w -> " " + w.digest().sha256())
                                .orElse("")
                        + (request.inputShapes().byInput().isEmpty()
                                ? ""
                                : " " + request.inputShapes().byInput()),
                request.preprocessing().toString(),
                options.toString());
    }

    /** What a finished run has seen. */
    static Observations of(
            QuantizeRequest request,
            PreparedModel model,
            Registry registry,
            Shard shard,
            SortedMap<String, SortedMap<Observations.Key, Observations.Kept>> seen) {
        SortedSet<String> digests = new TreeSet<>();
        String shuffled = request.order().seed().map(s -> " shuffled by " + s).orElse("");
        model.calibration().sha256().ifPresent(sha -> digests.add(sha + shuffled));
        SortedSet<Integer> held = new TreeSet<>();
        held.add(shard.index());
        return new Observations(
                origin(request, model, registry),
                new Observations.Data(digests, model.calibration().samples(), shard.count(), held),
                seen);
    }
}
