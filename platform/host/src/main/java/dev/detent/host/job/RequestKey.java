package dev.detent.host.job;

import dev.detent.host.artifact.Sha256;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Tells requests apart by whatever changes what is seen of the data or made of it; the workers do not. */
final class RequestKey {

    private RequestKey() {}

    /** SHA-256 of {@link #parts}. */
    static String of(String version, QuantizeRequest run, PreparedModel model) {
        return Sha256.of(String.join("\n", parts(version, run, model)).getBytes(StandardCharsets.UTF_8));
    }

    static List<String> parts(String version, QuantizeRequest run, PreparedModel model) {
        return List.of(
                version,
                model.facts().digest().sha256(),
                String.join(",", run.targets()),
                run.settings().toString(),
                run.preprocessing().toString(),
                model.calibration().sha256().orElse(run.calibration().orElse("")),
                run.samples() + " " + run.order() + " " + run.inputShapes());
    }
}
