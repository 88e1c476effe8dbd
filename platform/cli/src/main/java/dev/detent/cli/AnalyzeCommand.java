package dev.detent.cli;

import dev.detent.host.analyze.Analysis;
import dev.detent.host.analyze.AnalysisEffort;
import dev.detent.host.job.QuantizeOutcome;
import dev.detent.host.job.QuantizeRequest;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "analyze",
        description =
                "Quantizes a model and measures which layers and tensors cost what, why, and what cures it: all of it in "
                        + "report.html, and for programs in analysis.json.",
        sortOptions = false)
final class AnalyzeCommand extends QuantizeCommand {

    private static final int SHOWN = 12;

    @Option(
            names = "--analyze-samples",
            paramLabel = "N",
            defaultValue = "64",
            converter = PositiveIntegerConverter.class,
            description =
                    "so many calibration samples: a quarter of them for layers, a sixteenth for single tensors (default: 64)")
    int analyzed;

    @Override
    void adjust(QuantizeRequest.Builder request) {
        request.analysis(AnalysisEffort.of(analyzed));
    }

    @Override
    void show(Console console, QuantizeOutcome o) {
        o.measured().analysis().ifPresent(a -> show(console, a));
        super.show(console, o);
    }

    private static void show(Console console, Analysis a) {
        console.line("");
        console.line("all quantized "
                + a.whole().quantized().text() + ", weights only "
                + a.whole().weightsOnly().text() + ", activations only "
                + a.whole().activationsOnly().text() + " (outputs against the float model's)");
        table(console, "layer", a.layers());
        table(console, "activation", a.activations());
        table(console, "weight", a.weights());
        console.line("layers on " + a.samples().layers() + " samples, tensors on "
                + a.samples().tensors() + "; share: of the errors of all, each alone; in float gains: expected");
        console.line("");
    }

    private static void table(Console console, String what, List<Analysis.UnitError> errors) {
        console.line(String.format(
                Locale.ROOT, "%-40s %-16s %7s %9s %14s", what, "operator", "share", "alone", "in float gains"));
        errors.stream()
                .sorted(Comparator.comparingDouble(u -> -u.gain()))
                .limit(SHOWN)
                .forEach(u -> console.line(String.format(
                        Locale.ROOT,
                        "%-40s %-16s %5.1f %% %9s %14s",
                        shortened(u.unit().name()),
                        u.unit().opType(),
                        100 * Analysis.share(u, errors),
                        u.alone().text(),
                        String.format(Locale.ROOT, "%+.2f dB", u.gain()))));
    }

    /** The end of a name tells most. */
    private static String shortened(String name) {
        return name.length() <= 40 ? name : "…" + name.substring(name.length() - 39);
    }
}
