package dev.detent.host.record;

import dev.detent.host.artifact.FileDigest;
import dev.detent.host.record.RunRecord.ConfigEntry;
import dev.detent.host.record.RunRecord.Encoding;
import dev.detent.host.record.RunRecord.ScoreEntry;
import dev.detent.report.Json;
import dev.detent.report.TablePage;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Slot;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Two finished runs side by side: scores, what differs in what they were made from, and the slots they quantize
 * differently, the largest difference first.
 *
 * @param sameModel both were made from the same file
 * @param facts what differs: name, of the first, of the second
 * @param scores model, figure, of the first, of the second
 * @param slots slot, of the first, of the second
 * @param alike how many slots do not differ
 */
public record RunComparison(
        boolean sameModel, List<List<String>> facts, List<List<String>> scores, List<List<String>> slots, int alike) {

    /** Rounding of scales that is no difference. */
    private static final double SAME = 1e-5;

    /** A slot and how far the two are apart. */
    private record Apart(List<String> row, double by) {}

    /** Compares what both runs recorded. */
    public static RunComparison of(RunRecord a, RunRecord b) {
        Map<Slot, ConfigEntry> slots = slots(a);
        Map<Slot, ConfigEntry> others = slots(b);
        Set<Slot> all = new LinkedHashSet<>(slots.keySet());
        all.addAll(others.keySet());
        List<Apart> apart = new ArrayList<>();
        for (Slot slot : all) {
            Optional<ConfigEntry> x = Optional.ofNullable(slots.get(slot));
            Optional<ConfigEntry> y = Optional.ofNullable(others.get(slot));
            double by = x.isEmpty() || y.isEmpty() ? Double.POSITIVE_INFINITY : distance(x.get(), y.get());
            if (by > SAME) {
                apart.add(new Apart(List.of(slot.toString(), told(x), told(y)), by));
            }
        }
        apart.sort(Comparator.comparingDouble((Apart p) -> -p.by()));
        return new RunComparison(
                a.model().file().sha256().equals(b.model().file().sha256()),
                facts(a, b),
                scores(a.outcome().scores(), b.outcome().scores()),
                apart.stream().map(Apart::row).toList(),
                all.size() - apart.size());
    }

    private static Map<Slot, ConfigEntry> slots(RunRecord run) {
        Map<Slot, ConfigEntry> slots = new LinkedHashMap<>();
        run.result().configs().forEach(c -> slots.put(c.slot(), c));
        return slots;
    }

    private static List<List<String>> facts(RunRecord a, RunRecord b) {
        List<List<String>> facts = new ArrayList<>();
        fact("model", a.model().file().name(), b.model().file().name(), facts);
        fact("target", a.target().id(), b.target().id(), facts);
        fact("format", a.target().format(), b.target().format(), facts);
        fact("calibration", data(a), data(b), facts);
        fact("samples", samples(a), samples(b), facts);
        fact("preprocessing", a.calibration().preprocessing(), b.calibration().preprocessing(), facts);
        Map<String, String> steps = steps(a);
        Map<String, String> others = steps(b);
        Set<String> all = new LinkedHashSet<>(steps.keySet());
        all.addAll(others.keySet());
        all.forEach(s -> fact("step " + s, steps.getOrDefault(s, "not run"), others.getOrDefault(s, "not run"), facts));
        return facts;
    }

    private static void fact(String name, String a, String b, List<List<String>> facts) {
        if (!a.equals(b)) {
            facts.add(List.of(name, a, b));
        }
    }

    private static String data(RunRecord run) {
        return run.calibration().data().map(FileDigest::name).orElse("-");
    }

    private static String samples(RunRecord run) {
        return String.valueOf(run.calibration().samples());
    }

    private static Map<String, String> steps(RunRecord run) {
        Map<String, String> steps = new LinkedHashMap<>();
        run.plan().steps().forEach(s -> steps.put(s.id(), Json.compact(s.options())));
        return steps;
    }

    /** 0 for the same; another state or scheme counts more than any difference of scales. */
    private static double distance(ConfigEntry a, ConfigEntry b) {
        if (a.state() != b.state()
                || !a.encoding().map(Encoding::scheme).equals(b.encoding().map(Encoding::scheme))) {
            return 1e6;
        }
        if (a.encoding().isEmpty() || b.encoding().isEmpty()) {
            return 0;
        }
        QuantizationParameters x = a.encoding().get().parameters();
        QuantizationParameters y = b.encoding().get().parameters();
        double most = x.channels() == y.channels() ? 0 : 1e6;
        for (int i = 0; i < Math.min(x.channels(), y.channels()); i++) {
            most = Math.max(most, Math.abs(Math.log((double) x.scale(i) / y.scale(i))));
        }
        return Arrays.equals(x.zeroPoints(), y.zeroPoints()) ? most : Math.max(most, 2 * SAME);
    }

    private static String told(Optional<ConfigEntry> slot) {
        if (slot.isEmpty()) {
            return "not quantized";
        }
        String state = slot.get().state().name();
        return slot.get()
                .encoding()
                .map(e -> state + ", " + e.scheme().codes().bits() + " bits, " + told(e.parameters()))
                .orElse(state);
    }

    private static String told(QuantizationParameters q) {
        String first = Json.number(q.scale(0)).toString();
        return q.channels() == 1
                ? "scale " + first + ", zero point " + Json.number(q.zeroPoint(0))
                : q.channels() + " scales from " + first;
    }

    private static List<List<String>> scores(Map<String, ScoreEntry> a, Map<String, ScoreEntry> b) {
        List<List<String>> rows = new ArrayList<>();
        Set<String> models = new LinkedHashSet<>(a.keySet());
        models.addAll(b.keySet());
        for (String model : models) {
            Optional<ScoreEntry> x = Optional.ofNullable(a.get(model));
            Optional<ScoreEntry> y = Optional.ofNullable(b.get(model));
            row(model + " top1", x.flatMap(ScoreEntry::top1), y.flatMap(ScoreEntry::top1), RunComparison::share, rows);
            // The float model agrees with itself.
            if (!model.equals("float")) {
                row(
                        model + " agreement",
                        x.map(ScoreEntry::agreement),
                        y.map(ScoreEntry::agreement),
                        RunComparison::share,
                        rows);
                row(model + " snr", x.map(ScoreEntry::snr), y.map(ScoreEntry::snr), TablePage::decibels, rows);
            }
        }
        return rows;
    }

    private static void row(
            String name,
            Optional<Double> a,
            Optional<Double> b,
            Function<Double, String> told,
            List<List<String>> rows) {
        if (a.isPresent() || b.isPresent()) {
            rows.add(List.of(name, a.map(told).orElse("-"), b.map(told).orElse("-")));
        }
    }

    private static String share(double value) {
        return String.format(Locale.ROOT, "%.2f %%", 100 * value);
    }

    /** The comparison as a page of its own, for the two folders it was made of. */
    public String page(Path first, Path second) {
        List<String> sides = List.of("", first.toString(), second.toString());
        Map<String, String> titles = new LinkedHashMap<>();
        titles.put("A", first.toString());
        titles.put("B", second.toString());
        return TablePage.page(
                first.getFileName() + " and " + second.getFileName(),
                titles,
                sameModel() ? List.of() : List.of("made from different model files"),
                List.of(
                        new TablePage.Table("Made from", sides, facts()),
                        new TablePage.Table("Scores", sides, scores()),
                        new TablePage.Table("Slots that differ, most first", sides, slots())));
    }
}
