package dev.detent.cli;

import dev.detent.host.Detent;
import dev.detent.host.plan.Plan;
import dev.detent.host.plan.Step;
import dev.detent.host.settings.Settings;
import dev.detent.host.settings.SettingsFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(name = "plan", description = "Shows which passes a target runs, in which order, and why.")
final class PlanCommand implements Callable<Integer> {

    @Option(names = "--backend", required = true, paramLabel = "ID", description = "target, see 'detent backends'")
    String backend;

    @Option(names = "--set", paramLabel = "PASS.OPTION=V", description = "as for quantize")
    List<String> set = new ArrayList<>();

    @Option(names = "--config", paramLabel = "FILE", description = "as for quantize")
    Optional<Path> config = Optional.empty();

    @Mixin
    InstallationOptions home;

    @Override
    public Integer call() {
        Console console = new Console();
        Settings settings = config.map(f -> SettingsFile.read(f, QuantizeCommand.KEYS))
                .orElse(SettingsFile.NONE)
                .settings();
        for (String s : set) {
            settings = settings.with(s);
        }
        Plan plan = new Detent(home.registry(), InstallationOptions.VERSION).plan(backend, settings);
        int i = 1;
        for (Step s : plan.steps()) {
            console.line(String.format(
                    Locale.ROOT,
                    "%2d %-24s %s%s",
                    i++,
                    s.id(),
                    s.reason(),
                    s instanceof Step.RunPass && !s.options().values().isEmpty()
                            ? "; " + new java.util.TreeMap<>(s.options().values())
                            : ""));
        }
        return 0;
    }
}
