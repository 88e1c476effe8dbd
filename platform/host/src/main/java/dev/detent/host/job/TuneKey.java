package dev.detent.host.job;

import dev.detent.host.artifact.Sha256;
import dev.detent.host.search.Goal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/** Tells searches apart: whatever changes what a trial gives. The budget does not, and neither do the workers. */
final class TuneKey {

    private TuneKey() {}

    static String of(String version, TuneRequest request, PreparedModel model, Goal goal) {
        QuantizeRequest run = request.quantize();
        List<String> parts = new ArrayList<>(RequestKey.parts(version, run, model));
        parts.addAll(List.of(
                run.format().orElse(""),
                run.evaluation()
                        .map(e -> content(InputPlaces.path(e.data()), e.data()) + " " + e.samples() + " "
                                + Optional.ofNullable(e.labels())
                                        .map(l -> content(Optional.of(l), l.toString()))
                                        .orElse(""))
                        .orElse(""),
                goal + " " + goal.bound() + " "
                        + goal.metrics().stream()
                                .map(m -> new TreeMap<>(m.options().values()).toString())
                                .toList(),
                request.command().map(MetricCommand::command).orElse(""),
                request.cost().toString()));
        return Sha256.of(String.join("\n", parts).getBytes(StandardCharsets.UTF_8));
    }

    private static String content(Optional<Path> place, String otherwise) {
        return place.filter(Files::exists).map(Sha256::of).orElse(otherwise);
    }
}
