package dev.detent.cli;

import dev.detent.host.Detent;
import dev.detent.host.check.NodeFate;
import dev.detent.host.check.TargetCheck;
import dev.detent.host.settings.Settings;
import dev.detent.host.settings.SettingsFile;
import dev.detent.spi.problem.Problem;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "check",
        description = "Tells, without data, what of a model each target runs in integers, what stays float and why.")
final class CheckCommand implements Callable<Integer> {

    /** Names of a group that are shown. */
    private static final int SHOWN = 4;

    @Parameters(paramLabel = "MODEL", description = "float ONNX model")
    Path model;

    @Option(
            names = "--backend",
            paramLabel = "ID",
            description = "target, or several with commas between; see 'detent backends'")
    Optional<String> backend = Optional.empty();

    @Mixin
    TargetOptions target;

    @Option(names = "--set", paramLabel = "PASS.OPTION=V", description = "as for quantize")
    List<String> set = new ArrayList<>();

    @Mixin
    RuleOptions rules;

    @Option(names = "--config", paramLabel = "FILE", description = "as for quantize")
    Optional<Path> config = Optional.empty();

    @Option(names = "--json", description = "everything as JSON, every node included")
    boolean json;

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
        Settings settings = CommandSettings.of(file, set, rules, Optional.empty(), Optional.empty());
        List<String> targets = target.targets(backend, file);
        List<TargetCheck> checks = home.detentAndEngine().check(model, targets, settings);
        if (json) {
            console.text(Detent.json(checks.stream().map(TargetCheck::toMap).toList()));
            return 0;
        }
        table(console, checks);
        checks.forEach(c -> details(console, c));
        return 0;
    }

    private static void table(Console console, List<TargetCheck> checks) {
        console.line(String.format(
                Locale.ROOT,
                "%-18s %9s %6s %12s %7s %8s %21s",
                "",
                "quantized",
                "float",
                "unsupported",
                "shapes",
                "islands",
                "multiply-adds in int8"));
        for (TargetCheck c : checks) {
            console.line(String.format(
                    Locale.ROOT,
                    "%-18s %9d %6d %12d %7d %8d %19.1f %%%s",
                    c.target(),
                    c.count(NodeFate.Kind.QUANTIZED),
                    c.count(NodeFate.Kind.FLOAT),
                    c.count(NodeFate.Kind.UNSUPPORTED),
                    c.count(NodeFate.Kind.SHAPE),
                    c.islands().size(),
                    100 * c.share(8),
                    c.share(32) > c.share(8)
                            ? String.format(
                                    Locale.ROOT, ", %.1f %% in wider integers", 100 * (c.share(32) - c.share(8)))
                            : ""));
        }
    }

    private static void details(Console console, TargetCheck c) {
        console.line("");
        console.line(c.target() + ":");
        c.unquantized().forEach((what, nodes) -> console.line("  float  " + what + " (" + names(nodes) + ")"));
        if (!c.islands().isEmpty()) {
            console.line("  " + c.islands().size() + " in float between integer neighbours, so values are converted "
                    + "there and back: " + names(c.islands()));
        }
        Map<String, List<Problem>> same = new LinkedHashMap<>();
        c.problems()
                .forEach(p -> same.computeIfAbsent(p.id() + p.sentence(), k -> new ArrayList<>())
                        .add(p));
        same.values()
                .forEach(ps -> console.line("  "
                        + ps.get(0).severity().name().toLowerCase(Locale.ROOT) + " "
                        + ps.get(0).id() + ": "
                        + ps.get(0).sentence() + " ("
                        + names(ps.stream().map(Problem::where).toList()) + ")"));
        if (!c.lintComplete()) {
            console.line("  what the target's own checks say of scales takes ranges: run 'detent quantize'");
        }
        if (c.unquantized().isEmpty() && c.problems().isEmpty()) {
            console.line("  nothing stays float, nothing to say");
        }
    }

    private static String names(List<String> nodes) {
        return nodes.stream().limit(SHOWN).collect(Collectors.joining(", "))
                + (nodes.size() > SHOWN ? " and " + (nodes.size() - SHOWN) + " more" : "");
    }
}
