package dev.detent.host.job;

import dev.detent.host.artifact.FileDigest;
import dev.detent.host.artifact.OutputNames;
import dev.detent.host.artifact.Sha256;
import dev.detent.host.artifact.TargetDirectory;
import dev.detent.report.TablePage;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.TensorQuantization;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.DoubleSummaryStatistics;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Where several targets disagree about one model, slot by slot, and how accurate each is.
 *
 * @param outcomes by target
 * @param overviews the same in the figures by which they compare
 * @param passes passes over the calibration data that all targets together took to observe the float network
 * @param slots slots that at least one target quantizes
 * @param rows slots on which the targets disagree
 * @param failures what became of the targets that have no outcome
 */
public record TargetComparison(
        Map<String, QuantizeOutcome> outcomes,
        List<TargetOverview> overviews,
        int passes,
        int slots,
        List<Row> rows,
        Map<String, RuntimeException> failures) {

    /** Relative difference of scales below which two targets agree: it comes from rounding. */
    private static final double SAME = 1e-5;

    /** Rows that a person looks at. */
    private static final int SHOWN = 100;

    /** What one target decided about a slot. */
    public record Cell(String state, String scheme, Optional<QuantizationParameters> parameters) {

        private static final Cell ABSENT = new Cell("-", "float", Optional.empty());

        public static Cell of(Optional<? extends TensorQuantization> config) {
            return config.map(c -> c.state().isFloat()
                                    || c.state().isShape()
                                    || c.qparams().isEmpty()
                            ? new Cell(c.state().name(), "float", Optional.empty())
                            : new Cell(
                                    c.state().name(),
                                    c.scheme().toString(),
                                    c.qparams().map(p -> p)))
                    .orElse(ABSENT);
        }

        /** States are the kernel's affair. */
        private String format() {
            return parameters.isPresent() ? scheme : "not quantized";
        }

        private String range() {
            return parameters
                    .map(p ->
                            String.format(Locale.ROOT, "scale %.4g, zero point %s", p.scale(0), number(p.zeroPoint(0))))
                    .orElse("-");
        }

        private static String number(float zeroPoint) {
            return zeroPoint == Math.rint(zeroPoint) ? String.valueOf((long) zeroPoint) : String.valueOf(zeroPoint);
        }
    }

    /**
     * A slot on which the targets disagree.
     *
     * @param cells by target
     */
    public record Row(Slot slot, String value, Map<String, Cell> cells) {

        boolean differsInState() {
            return cells.values().stream().map(Cell::state).distinct().count() > 1;
        }

        boolean differsInScheme() {
            return cells.values().stream().map(Cell::scheme).distinct().count() > 1;
        }

        /** Scales differ among the targets that quantize the slot. */
        boolean differsInScale() {
            List<QuantizationParameters> all = cells.values().stream()
                    .flatMap(c -> c.parameters().stream())
                    .toList();
            return all.stream().anyMatch(p -> !same(p, all.get(0)));
        }

        /** The largest scale over the smallest among the targets that have the same format here; 1 when they agree. */
        double spread() {
            Map<String, DoubleSummaryStatistics> byFormat = new LinkedHashMap<>();
            cells.values()
                    .forEach(c -> c.parameters()
                            .ifPresent(p -> byFormat.computeIfAbsent(c.scheme(), k -> new DoubleSummaryStatistics())
                                    .accept(p.scale(0))));
            return byFormat.values().stream()
                    .mapToDouble(s -> s.getMax() / s.getMin())
                    .filter(x -> x > 1 + SAME)
                    .max()
                    .orElse(1);
        }

        private static boolean same(QuantizationParameters a, QuantizationParameters b) {
            if (a.channels() != b.channels()) {
                return false;
            }
            for (int i = 0; i < a.channels(); i++) {
                if (Math.abs(a.scale(i) - b.scale(i)) > SAME * a.scale(i) || a.zeroPoint(i) != b.zeroPoint(i)) {
                    return false;
                }
            }
            return true;
        }
    }

    public static TargetComparison of(List<TargetRun> runs, int passes, Map<String, RuntimeException> failures) {
        Map<String, QuantizeOutcome> outcomes = new LinkedHashMap<>();
        runs.forEach(r -> outcomes.put(r.target(), r.outcome()));
        Map<Slot, String> slots = new LinkedHashMap<>();
        runs.forEach(r -> r.result().configs().configs().forEach(c -> slots.putIfAbsent(c.slot(), c.value())));
        List<Row> rows = new ArrayList<>();
        slots.forEach((slot, value) -> {
            Map<String, Cell> cells = new LinkedHashMap<>();
            runs.forEach(r -> cells.put(r.target(), Cell.of(r.result().configs().config(slot))));
            Row row = new Row(slot, value, cells);
            if (row.differsInState() || row.differsInScheme() || row.differsInScale()) {
                rows.add(row);
            }
        });
        return new TargetComparison(
                outcomes, runs.stream().map(TargetOverview::of).toList(), passes, slots.size(), rows, failures);
    }

    public long differInState() {
        return rows.stream().filter(Row::differsInState).count();
    }

    public long differInScheme() {
        return rows.stream().filter(Row::differsInScheme).count();
    }

    public long differInScale() {
        return rows.stream().filter(Row::differsInScale).count();
    }

    /** Writes {@code comparison.html} and the record of the whole run into its folder. */
    public void write(TargetDirectory root, Path model, String version) {
        String name = model.getFileName().toString();
        byte[] page = html(name).getBytes(StandardCharsets.UTF_8);
        root.write(OutputNames.COMPARISON, page);
        Map<String, Object> record = json(name, version);
        // The targets' own files are listed by the records in their folders.
        List<Map<String, Object>> files = new ArrayList<>();
        files.add(new FileDigest(OutputNames.COMPARISON, Sha256.of(page)).toJson());
        root.staged().stream()
                .filter(f -> f.getFileName().toString().equals(OutputNames.OBSERVATIONS))
                .forEach(f -> files.add(new FileDigest(OutputNames.OBSERVATIONS, Sha256.of(f)).toJson()));
        record.put("files", files);
        root.writeRecord(record);
    }

    private Map<String, Object> json(String model, String version) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("detent", version);
        json.put("file", model);
        json.put("targets", List.copyOf(outcomes.keySet()));
        json.put("observationPasses", passes);
        json.put("slots", slots);
        json.put(
                "disagreements",
                rows.stream()
                        .map(r -> {
                            Map<String, Object> row = new LinkedHashMap<>();
                            row.put("slot", r.slot().toString());
                            row.put("value", r.value());
                            r.cells().forEach((target, c) -> {
                                Map<String, Object> cell = new LinkedHashMap<>();
                                cell.put("state", c.state());
                                cell.put("scheme", c.scheme());
                                c.parameters().ifPresent(p -> {
                                    cell.put("scale", p.scales());
                                    cell.put("zeroPoint", p.zeroPoints());
                                });
                                row.put(target, cell);
                            });
                            return row;
                        })
                        .toList());
        return json;
    }

    private String html(String model) {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("Model", model);
        facts.put("Targets", String.join(", ", outcomes.keySet()));
        facts.put(
                "Observation",
                passes + (passes == 1 ? " pass" : " passes") + " over the calibration data for " + outcomes.size()
                        + " targets");
        facts.put(
                "Disagreement",
                "of " + slots + " slots: state " + differInState() + ", scheme " + differInScheme() + ", scale "
                        + differInScale());
        Set<String> problems = new LinkedHashSet<>();
        outcomes.forEach((target, o) -> o.problems().stream()
                .filter(p -> p.severity() != Problem.Severity.NOTE)
                .forEach(p -> problems.add(target + ": " + p)));
        return TablePage.page(
                model + " for " + String.join(", ", outcomes.keySet()),
                facts,
                List.copyOf(problems),
                List.of(TargetOverview.table(overviews), formats(), scales()));
    }

    /** What sets the targets apart by design: which number formats meet where, and how often. */
    private TablePage.Table formats() {
        Map<List<String>, List<String>> groups = new LinkedHashMap<>();
        rows.stream()
                .filter(r -> r.differsInState() || r.differsInScheme())
                .forEach(r -> groups.computeIfAbsent(
                                r.cells().values().stream().map(Cell::format).toList(), k -> new ArrayList<>())
                        .add(r.slot().toString()));
        List<List<String>> table = new ArrayList<>();
        groups.forEach((formats, where) -> {
            List<String> row = new ArrayList<>(List.of(String.valueOf(where.size())));
            row.addAll(formats);
            row.add(where.get(0));
            table.add(row);
        });
        table.sort((a, b) -> Integer.compare(Integer.parseInt(b.get(0)), Integer.parseInt(a.get(0))));
        List<String> head = new ArrayList<>(List.of("slots"));
        head.addAll(outcomes.keySet());
        head.add("for example");
        return new TablePage.Table(
                "Number formats that differ", "A slot is an input or output of a node.", head, table);
    }

    /** The largest differences of ranges where the formats are the same; detent.json has all. */
    private TablePage.Table scales() {
        List<Row> most = rows.stream()
                .filter(r -> r.spread() > 1)
                .sorted(Comparator.comparingDouble(r -> -r.spread()))
                .toList();
        List<List<String>> table = new ArrayList<>();
        most.stream().limit(SHOWN).forEach(r -> {
            List<String> row = new ArrayList<>(List.of(r.slot().toString()));
            r.cells().values().forEach(c -> row.add(c.range()));
            row.add(String.format(Locale.ROOT, "%.2f", r.spread()));
            table.add(row);
        });
        List<String> head = new ArrayList<>(List.of("slot"));
        head.addAll(outcomes.keySet());
        head.add("widest / narrowest");
        return new TablePage.Table(
                "Ranges that differ most",
                (most.size() > SHOWN
                                ? "The first " + SHOWN + " of " + most.size() + "; " + OutputNames.RECORD + " has all. "
                                : "")
                        + "What the codes can stand for; of several channels, the first.",
                head,
                table);
    }
}
