package dev.detent.host.plan;

import dev.detent.host.plugin.Registry;
import dev.detent.host.problem.ExportProblems;
import dev.detent.host.settings.Settings;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.option.Options;
import dev.detent.spi.problem.UserException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A target's plan and the format its result is written in. */
public record PlannedTarget(TargetPlan plan, Exporter exporter, Options options) {

    /**
     * Plans a target and chooses its exporter.
     *
     * @param format id of the exporter; the target's first if empty
     */
    public static PlannedTarget of(Registry plugins, String target, Settings settings, Optional<String> format) {
        TargetPlan plan = TargetPlan.of(plugins, target, settings);
        Exporter exporter = exporter(target, plan.target().exporters(), format);
        return new PlannedTarget(
                plan,
                exporter,
                Registry.parse(
                        "format '" + exporter.id() + "'",
                        exporter.id(),
                        exporter.options(),
                        settings.options().getOrDefault(exporter.id(), Map.of())));
    }

    /** Id of the target. */
    public String id() {
        return plan.target().id();
    }

    private static Exporter exporter(String target, List<Exporter> exporters, Optional<String> format) {
        if (exporters.isEmpty()) {
            throw new UserException(
                    ExportProblems.NO_EXPORTER,
                    "target '" + target + "' has no exporter; it serves 'detent trace' and comparison only",
                    target);
        }
        return format.map(f -> exporters.stream()
                        .filter(e -> e.id().equals(f))
                        .findFirst()
                        .orElseThrow(() -> new UserException(
                                ExportProblems.UNKNOWN_FORMAT,
                                "target '" + target + "' writes "
                                        + exporters.stream().map(Exporter::id).toList() + ", not '" + f + "'",
                                "--format")))
                .orElse(exporters.get(0));
    }
}
