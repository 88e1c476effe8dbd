package dev.detent.host.record;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.detent.report.HtmlReport;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

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

    /** Reads what both runs recorded. */
    public static RunComparison of(RunDirectory first, RunDirectory second) {
        return first.json().get(a -> second.json().get(b -> of(a.getAsJsonObject(), b.getAsJsonObject())));
    }

    private static RunComparison of(JsonObject a, JsonObject b) {
        List<List<String>> facts = new ArrayList<>();
        fact("model", text(a, "model", "file"), text(b, "model", "file"), facts);
        fact("target", text(a, "target"), text(b, "target"), facts);
        fact("format", text(a, "format"), text(b, "format"), facts);
        fact("calibration", text(a, "calibration", "name"), text(b, "calibration", "name"), facts);
        fact("samples", text(a, "calibration", "samples"), text(b, "calibration", "samples"), facts);
        fact("preprocessing", text(a, "calibration", "preprocessing"), text(b, "calibration", "preprocessing"), facts);
        Map<String, String> steps = steps(a);
        Map<String, String> others = steps(b);
        Set<String> all = new LinkedHashSet<>(steps.keySet());
        all.addAll(others.keySet());
        all.forEach(s -> fact("step " + s, steps.getOrDefault(s, "not run"), others.getOrDefault(s, "not run"), facts));
        Map<String, JsonObject> slots = slots(a);
        Map<String, JsonObject> otherSlots = slots(b);
        Set<String> names = new LinkedHashSet<>(slots.keySet());
        names.addAll(otherSlots.keySet());
        List<Apart> apart = new ArrayList<>();
        for (String name : names) {
            JsonObject x = slots.get(name);
            JsonObject y = otherSlots.get(name);
            double by = x == null || y == null ? Double.POSITIVE_INFINITY : distance(x, y);
            if (by > SAME) {
                apart.add(new Apart(
                        List.of(name, x == null ? "not quantized" : told(x), y == null ? "not quantized" : told(y)),
                        by));
            }
        }
        apart.sort(Comparator.comparingDouble((Apart p) -> -p.by()));
        return new RunComparison(
                text(a, "model", "sha256").equals(text(b, "model", "sha256")),
                facts,
                scores(a, b),
                apart.stream().map(Apart::row).toList(),
                names.size() - apart.size());
    }

    private static void fact(String name, String a, String b, List<List<String>> facts) {
        if (!a.equals(b)) {
            facts.add(List.of(name, a, b));
        }
    }

    private static String text(JsonObject o, String... path) {
        JsonElement e = o;
        for (String p : path) {
            if (e == null || !e.isJsonObject() || !e.getAsJsonObject().has(p)) {
                return "-";
            }
            e = e.getAsJsonObject().get(p);
        }
        return e.isJsonPrimitive() ? e.getAsString() : e.toString();
    }

    private static Map<String, String> steps(JsonObject run) {
        Map<String, String> steps = new LinkedHashMap<>();
        for (JsonElement e : run.getAsJsonArray("plan")) {
            steps.put(text(e.getAsJsonObject(), "pass"), text(e.getAsJsonObject(), "options"));
        }
        return steps;
    }

    private static Map<String, JsonObject> slots(JsonObject run) {
        Map<String, JsonObject> slots = new LinkedHashMap<>();
        for (JsonElement e : run.getAsJsonArray("configs")) {
            slots.put(text(e.getAsJsonObject(), "slot"), e.getAsJsonObject());
        }
        return slots;
    }

    /** 0 for the same; another state or scheme counts more than any difference of scales. */
    private static double distance(JsonObject a, JsonObject b) {
        if (!text(a, "state").equals(text(b, "state")) || !text(a, "scheme").equals(text(b, "scheme"))) {
            return 1e6;
        }
        if (!a.has("scale") || !b.has("scale")) {
            return 0;
        }
        JsonArray x = a.getAsJsonArray("scale");
        JsonArray y = b.getAsJsonArray("scale");
        double most = x.size() == y.size() ? 0 : 1e6;
        for (int i = 0; i < Math.min(x.size(), y.size()); i++) {
            most = Math.max(
                    most, Math.abs(Math.log(x.get(i).getAsDouble() / y.get(i).getAsDouble())));
        }
        return text(a, "zeroPoint").equals(text(b, "zeroPoint")) ? most : Math.max(most, 2 * SAME);
    }

    private static String told(JsonObject slot) {
        if (!slot.has("scale")) {
            return text(slot, "state");
        }
        JsonArray scales = slot.getAsJsonArray("scale");
        return text(slot, "state") + ", " + text(slot, "scheme", "bits") + " bits, "
                + (scales.size() == 1
                        ? "scale " + scales.get(0).getAsString() + ", zero point "
                                + slot.getAsJsonArray("zeroPoint").get(0).getAsString()
                        : scales.size() + " scales from " + scales.get(0).getAsString());
    }

    private static List<List<String>> scores(JsonObject a, JsonObject b) {
        List<List<String>> rows = new ArrayList<>();
        Set<String> models = new LinkedHashSet<>(a.getAsJsonObject("scores").keySet());
        models.addAll(b.getAsJsonObject("scores").keySet());
        for (String model : models) {
            for (String figure : List.of("top1", "agreement", "snr")) {
                String x = score(text(a, "scores", model, figure), figure);
                String y = score(text(b, "scores", model, figure), figure);
                if (!(x.equals("-") && y.equals("-")) && !(model.equals("float") && !figure.equals("top1"))) {
                    rows.add(List.of(model + " " + figure, x, y));
                }
            }
        }
        return rows;
    }

    private static String score(String value, String figure) {
        try {
            double x = Double.parseDouble(value);
            return figure.equals("snr") ? HtmlReport.decibels(x) : String.format(Locale.ROOT, "%.2f %%", 100 * x);
        } catch (NumberFormatException e) {
            return value;
        }
    }
}
