package dev.detent.cli;

import dev.detent.host.Detent;
import dev.detent.host.job.DryRun;
import dev.detent.host.plan.Plan;
import dev.detent.host.plan.Step;
import dev.detent.host.rules.RuleHits;
import dev.detent.host.rules.RuleTexts;
import dev.detent.host.settings.Effort;
import dev.detent.host.settings.Settings;
import dev.detent.host.settings.SettingsFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "plan",
        description =
                "Shows which passes a target runs, in which order, and why; with a model, what each rule hits in it.")
final class PlanCommand implements Callable<Integer> {

    /** Slots of a rule that are shown. */
    private static final int SHOWN = 12;

    @Parameters(arity = "0..1", paramLabel = "MODEL", description = "ONNX model, to see what rules hit")
    Optional<Path> model = Optional.empty();

    @Option(
            names = "--backend",
            paramLabel = "ID",
            description = "target, or several with commas between; see 'detent backends'")
    Optional<String> backend = Optional.empty();

    @Mixin
    TargetOptions target;

    @Option(names = "--effort", converter = EffortConverter.class, paramLabel = "E", description = "as for quantize")
    Optional<Effort> effort = Optional.empty();

    @Option(names = "--set", paramLabel = "PASS.OPTION=V", description = "as for quantize")
    List<String> set = new ArrayList<>();

    @Mixin
    RuleOptions rules;

    @Option(names = "--config", paramLabel = "FILE", description = "as for quantize")
    Optional<Path> config = Optional.empty();

    @Option(names = "--all", description = "every tensor that a rule hits, not the first " + SHOWN)
    boolean all;

    @Mixin
    EngineOptions engine;

    @Mixin
    InstallationOptions home;

    @Override
    public Integer call() {
        engine.prepare();
        Console console = new Console();
        SettingsFile file =
                config.map(f -> SettingsFile.read(f, QuantizeCommand.KEYS)).orElse(SettingsFile.NONE);
        Settings settings = settings(file);
        List<String> targets = target.targets(backend, file);
        Detent detent = home.detent();
        if (model.isPresent()) {
            for (DryRun run : detent.dryRun(model.get(), targets, settings)) {
                head(console, targets, run.plan().target().id());
                steps(console, run.plan().plan());
                run.result().problems().forEach(console::problem);
                run.hits().forEach(h -> show(console, h));
            }
        } else {
            for (String t : targets) {
                head(console, targets, t);
                steps(console, detent.plan(t, settings));
            }
        }
        return 0;
    }

    Settings settings(SettingsFile file) {
        return CommandSettings.of(file, set, rules, effort, Optional.empty());
    }

    private static void head(Console console, List<String> targets, String target) {
        if (targets.size() > 1) {
            console.line(target + ":");
        }
    }

    private static void steps(Console console, Plan plan) {
        int i = 1;
        for (Step s : plan.steps()) {
            console.line(String.format(
                    Locale.ROOT,
                    "%2d %-24s %s%s",
                    i++,
                    s.id(),
                    s.reason(),
                    s instanceof Step.RunPass && !s.options().values().isEmpty()
                            ? "; " + new TreeMap<>(s.options().values())
                            : ""));
        }
    }

    private void show(Console console, RuleHits h) {
        console.line("");
        console.line(h.rule().toString());
        console.line("  hits " + counted(h.nodes().size(), "node") + ", has a say at "
                + counted(h.slots().size(), "tensor") + ": "
                + h.nodes().stream().limit(5).collect(Collectors.joining(", "))
                + (h.nodes().size() > 5 ? ", …" : ""));
        h.slots().stream()
                .limit(all ? Long.MAX_VALUE : SHOWN)
                .forEach(s -> console.line(String.format(
                        Locale.ROOT, "  %-36s %s -> %s", s.slot(), RuleTexts.of(s.before()), RuleTexts.of(s.after()))));
        if (!all && h.slots().size() > SHOWN) {
            console.line("  … " + (h.slots().size() - SHOWN) + " more; --all shows them");
        }
    }

    private static String counted(int n, String what) {
        return n + " " + what + (n == 1 ? "" : "s");
    }
}
