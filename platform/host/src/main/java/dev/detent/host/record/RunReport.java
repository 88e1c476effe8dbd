package dev.detent.host.record;

import dev.detent.host.analyze.OutputErrors;
import dev.detent.host.analyze.Verdicts;
import dev.detent.host.artifact.TargetDirectory;
import dev.detent.host.evaluate.EvaluationMetrics;
import dev.detent.host.pipeline.QuantizedNodes;
import dev.detent.onnx.Branches;
import dev.detent.report.Report;
import dev.detent.report.TablePage;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.problem.Problem;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** What the report says of a run. */
final class RunReport {

    private RunReport() {}

    static Report of(RunRecordWriter w, TargetDirectory folder) {
        List<TablePage.Table> tables = new ArrayList<>();
        int scored = w.measured().scores().values().stream()
                .mapToInt(EvaluationMetrics::samples)
                .max()
                .orElse(0);
        tables.add(new TablePage.Table(
                "Accuracy",
                "On " + scored + " evaluation samples. Simulated: the numbers the target computes with; exported: the "
                        + "file in ONNX Runtime.",
                TablePage.SCORES,
                EvaluationMetrics.rows(w.measured().scores())));
        tables.add(outputs(w));
        tables.add(floats(w));
        return new Report(
                w.model().file().getFileName() + " for " + w.target().id(),
                Verdicts.of(
                        w.measured().scores(),
                        w.measured().analysis(),
                        w.measured().cures()),
                new Report.Remarks(
                        Stream.concat(problems(w, false).stream(), ranges(w, false))
                                .toList(),
                        Stream.concat(problems(w, true).stream(), ranges(w, true))
                                .toList()),
                cards(w, folder),
                tables,
                new Report.Provenance(
                        facts(w),
                        w.target().plan().plan().steps().stream()
                                .map(s -> List.of(s.id(), s.plugin(), s.reason()))
                                .toList(),
                        folder.sizes().entrySet().stream()
                                .map(e -> List.of(e.getKey(), megabytes(e.getValue())))
                                .toList()),
                new ReportExplorer(
                                w.result(),
                                w.target(),
                                w.measured().analysis(),
                                w.measured().layers())
                        .data());
    }

    /** Whether the samples were enough: a note when they were. */
    private static Stream<String> ranges(RunRecordWriter w, boolean enough) {
        return w.measured().ranges().stream()
                .filter(r -> r.isEnough() == enough)
                .map(r -> "calibration: " + r.sentence());
    }

    private static List<String> problems(RunRecordWriter w, boolean notes) {
        return w.problems().stream()
                .filter(p -> (p.severity() == Problem.Severity.NOTE) == notes)
                .map(Problem::toString)
                .toList();
    }

    /** How far each of several outputs, or of several things in one, is off, and to which side; the worst first. */
    private static TablePage.Table outputs(RunRecordWriter w) {
        List<List<String>> rows = new ArrayList<>();
        w.measured().analysis().ifPresent(a -> {
            OutputErrors.Score whole = a.whole().quantized();
            if (whole.outputs().size() > 1) {
                whole.snrByOutput().entrySet().stream()
                        .sorted(Map.Entry.comparingByValue())
                        .forEach(e -> rows.add(
                                row(e.getKey(), e.getValue(), whole.shifts().getOrDefault(e.getKey(), 0.0))));
            }
            a.slices().forEach(s -> rows.add(row(s.name(), s.snr(), s.shift())));
        });
        return new TablePage.Table(
                "Outputs",
                "On a few calibration samples, the worst first. Shift: mean difference, in standard deviations of the float "
                        + "output. Columns of one output whose values are about as large stand together.",
                List.of("output", "SNR", "shift"),
                rows);
    }

    private static List<String> row(String name, double snr, double shift) {
        return List.of(name, TablePage.decibels(snr), String.format(Locale.ROOT, "%+.3f", shift));
    }

    /** What stayed float, by reason and operator. */
    private static TablePage.Table floats(RunRecordWriter w) {
        Map<List<String>, List<String>> byReason = new LinkedHashMap<>();
        w.result()
                .whole()
                .forEach(part -> part.graph()
                        .nodes()
                        .forEach(n -> ReportExplorer.whyFloat(n, part, w.target())
                                .ifPresent(why -> byReason.computeIfAbsent(
                                                List.of(why, n.opType()), k -> new ArrayList<>())
                                        .add(n.name()))));
        List<List<String>> rows = new ArrayList<>();
        byReason.forEach((key, names) -> rows.add(List.of(
                key.get(1),
                String.valueOf(names.size()),
                key.get(0),
                String.join(", ", names.subList(0, Math.min(3, names.size()))) + (names.size() > 3 ? ", …" : ""))));
        rows.sort((a, b) -> Integer.compare(Integer.parseInt(b.get(1)), Integer.parseInt(a.get(1))));
        return new TablePage.Table("What is not quantized", "", List.of("operator", "nodes", "why", "which"), rows);
    }

    private static Map<String, String> cards(RunRecordWriter w, TargetDirectory folder) {
        Map<String, String> cards = new LinkedHashMap<>();
        Graph before = w.result().floatGraph();
        long nodes = (long) w.result().graph().nodes().size()
                + Branches.count(before)
                - before.nodes().size();
        long quantized = w.result().whole().mapToInt(QuantizedNodes::count).sum();
        cards.put("nodes quantized of " + nodes, String.valueOf(quantized));
        folder.sizes().entrySet().stream()
                .filter(e -> e.getKey().endsWith(".onnx"))
                .findFirst()
                .ifPresent(e -> cards.put(
                        "smaller than the model's " + megabytes(w.model().bytes()),
                        String.format(Locale.ROOT, "%.1f×", (double) w.model().bytes() / e.getValue())));
        w.measured().analysis().ifPresent(a -> {
            cards.put(
                    "SNR of the outputs, calibration samples",
                    TablePage.decibels(a.whole().quantized().snr()));
            cards.put(
                    "with quantized weights only",
                    TablePage.decibels(a.whole().weightsOnly().snr()));
            cards.put(
                    "with quantized activations only",
                    TablePage.decibels(a.whole().activationsOnly().snr()));
        });
        return cards;
    }

    private static String megabytes(long bytes) {
        return bytes < 1_000_000
                ? String.format(Locale.ROOT, "%.1f kB", bytes / 1e3)
                : String.format(Locale.ROOT, "%.2f MB", bytes / 1e6);
    }

    private static Map<String, String> facts(RunRecordWriter w) {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put(
                "Model",
                w.model().file().getFileName() + ", " + megabytes(w.model().bytes()) + ", "
                        + w.model().nodes() + " nodes, sha256 "
                        + w.model().digest().sha256());
        facts.put("Target", w.target().id() + " (" + w.target().plan().target().summary() + ")");
        facts.put(
                "Format", w.target().exporter().id() + ", " + w.target().plan().plugin());
        facts.put(
                "Calibration",
                w.calibration().samples() + " samples, " + w.calibration().preprocessing());
        facts.put("Detent", w.version());
        return facts;
    }
}
