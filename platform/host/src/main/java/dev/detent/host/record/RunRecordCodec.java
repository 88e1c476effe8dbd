package dev.detent.host.record;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.detent.host.artifact.FileDigest;
import dev.detent.host.evaluate.LayerFingerprint;
import dev.detent.host.evaluate.Probe;
import dev.detent.host.record.RunRecord.CalibrationEntry;
import dev.detent.host.record.RunRecord.FloatNode;
import dev.detent.host.record.RunRecord.ModelEntry;
import dev.detent.host.record.RunRecord.ModelResult;
import dev.detent.host.record.RunRecord.Outcome;
import dev.detent.host.record.RunRecord.PlanEntry;
import dev.detent.host.record.RunRecord.ScoreEntry;
import dev.detent.host.record.RunRecord.StepEntry;
import dev.detent.host.record.RunRecord.TargetEntry;
import dev.detent.report.TablePage;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.quant.Slot;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/** A {@link RunRecord} as the JSON of {@code detent.json}, and back. */
final class RunRecordCodec {

    private RunRecordCodec() {}

    static Map<String, Object> write(RunRecord r) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("detent", r.version());
        json.put("model", model(r.model()));
        json.put("target", r.target().id());
        json.put("format", r.target().format());
        json.put("plugin", r.target().plugin());
        json.put("calibration", calibration(r.calibration()));
        json.put("dispatcher", r.plan().dispatcher());
        json.put("plan", r.plan().steps().stream().map(RunRecordCodec::step).toList());
        json.put("configs", new Written(r.result().configs()));
        Map<String, Object> prints = new LinkedHashMap<>();
        r.result().fingerprints().forEach((slot, f) -> prints.put(slot.toString(), List.of(f.norm(), f.projection())));
        json.put("fingerprints", prints);
        if (!r.result().probe().inputs().isEmpty()) {
            json.put("probe", probe(r.result().probe()));
        }
        Map<String, Object> floats = new LinkedHashMap<>();
        r.result().floats().forEach((name, n) -> floats.put(name, floatNode(n)));
        json.put("float", floats);
        json.put("problems", r.outcome().problems());
        Map<String, Object> scores = new LinkedHashMap<>();
        r.outcome().scores().forEach((of, s) -> scores.put(of, score(s)));
        json.put("scores", scores);
        json.put("files", r.outcome().files().stream().map(FileDigest::toJson).toList());
        return json;
    }

    /** Configs as objects that are made when they are written: the numbers of a large model would be held twice. */
    private static final class Written extends AbstractList<Map<String, Object>> {
        private final List<RunRecord.ConfigEntry> configs;

        private Written(List<RunRecord.ConfigEntry> configs) {
            this.configs = configs;
        }

        @Override
        public Map<String, Object> get(int index) {
            return ConfigCodec.write(configs.get(index));
        }

        @Override
        public int size() {
            return configs.size();
        }
    }

    private static Map<String, Object> model(ModelEntry m) {
        Map<String, Object> json = m.file().toJson();
        m.weights().ifPresent(w -> {
            json.put("weights", w.name());
            json.put("weights_sha256", w.sha256());
        });
        return json;
    }

    private static Map<String, Object> calibration(CalibrationEntry c) {
        Map<String, Object> json = new LinkedHashMap<>();
        c.data().ifPresent(d -> {
            json.put("name", d.name());
            json.put("sha256", d.sha256());
        });
        json.put("samples", c.samples());
        json.put("preprocessing", c.preprocessing());
        return json;
    }

    private static Map<String, Object> step(StepEntry s) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("pass", s.id());
        json.put("plugin", s.plugin());
        json.put("options", new TreeMap<>(s.options()));
        return json;
    }

    private static Map<String, Object> probe(Probe probe) {
        Map<String, Object> inputs = new LinkedHashMap<>();
        probe.inputs().forEach((name, in) -> {
            Map<String, Object> input = new LinkedHashMap<>();
            input.put("type", in.type().name());
            input.put("shape", Arrays.stream(in.shape()).boxed().toList());
            input.put("values", Base64.getEncoder().encodeToString(in.values()));
            inputs.put(name, input);
        });
        return inputs;
    }

    private static Map<String, Object> floatNode(FloatNode n) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("type", n.type());
        json.put("outputs", n.outputs());
        json.put("why", n.why());
        return json;
    }

    private static Map<String, Object> score(ScoreEntry s) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("samples", s.samples());
        s.top1().ifPresent(t -> json.put("top1", t));
        json.put("agreement", s.agreement());
        json.put("snr", decibels(s.snr()));
        if (!s.outputs().isEmpty()) {
            Map<String, Object> outputs = new LinkedHashMap<>();
            s.outputs().forEach((name, snr) -> outputs.put(name, decibels(snr)));
            json.put("outputs", outputs);
        }
        return json;
    }

    /** JSON has no infinite number: one is written in words. */
    private static Object decibels(double snr) {
        return Double.isFinite(snr) ? (Object) snr : TablePage.decibels(snr);
    }

    /**
     * Reads what {@link #write} made.
     *
     * @throws RuntimeException one of those that {@link JsonFile#get} turns into a sentence
     */
    static RunRecord read(JsonObject json) {
        return new RunRecord(
                text(json, "detent"),
                readModel(json.getAsJsonObject("model")),
                new TargetEntry(text(json, "target"), text(json, "format"), text(json, "plugin")),
                readCalibration(json.getAsJsonObject("calibration")),
                new PlanEntry(text(json, "dispatcher"), list(json, "plan", RunRecordCodec::readStep)),
                new ModelResult(
                        list(json, "configs", ConfigCodec::read),
                        slots(json.getAsJsonObject("fingerprints")),
                        new Probe(map(json, "probe", RunRecordCodec::readInput)),
                        map(json, "float", RunRecordCodec::readFloat)),
                new Outcome(
                        json.getAsJsonArray("problems").asList().stream()
                                .map(JsonElement::getAsString)
                                .toList(),
                        map(json, "scores", RunRecordCodec::readScore),
                        FileDigest.listed(json)));
    }

    private static String text(JsonObject json, String name) {
        return json.get(name).getAsString();
    }

    private static <T> List<T> list(JsonObject json, String name, Function<JsonObject, T> item) {
        return json.getAsJsonArray(name).asList().stream()
                .map(e -> item.apply(e.getAsJsonObject()))
                .toList();
    }

    /** In the order of the file; empty where there is none. */
    private static <T> Map<String, T> map(JsonObject json, String name, Function<JsonObject, T> item) {
        Map<String, T> map = new LinkedHashMap<>();
        if (json.has(name)) {
            json.getAsJsonObject(name)
                    .entrySet()
                    .forEach(e -> map.put(e.getKey(), item.apply(e.getValue().getAsJsonObject())));
        }
        return map;
    }

    private static ModelEntry readModel(JsonObject json) {
        return new ModelEntry(
                FileDigest.of(json),
                json.has("weights")
                        ? Optional.of(new FileDigest(text(json, "weights"), text(json, "weights_sha256")))
                        : Optional.empty());
    }

    private static CalibrationEntry readCalibration(JsonObject json) {
        return new CalibrationEntry(
                json.has("name")
                        ? Optional.of(new FileDigest(text(json, "name"), text(json, "sha256")))
                        : Optional.empty(),
                json.get("samples").getAsInt(),
                text(json, "preprocessing"));
    }

    private static StepEntry readStep(JsonObject json) {
        Map<String, Object> options = new LinkedHashMap<>();
        json.getAsJsonObject("options").entrySet().forEach(e -> options.put(e.getKey(), e.getValue()));
        return new StepEntry(text(json, "pass"), text(json, "plugin"), options);
    }

    private static Map<Slot, LayerFingerprint> slots(JsonObject json) {
        Map<Slot, LayerFingerprint> prints = new LinkedHashMap<>();
        json.entrySet().forEach(e -> {
            JsonArray pair = e.getValue().getAsJsonArray();
            prints.put(
                    ConfigCodec.slot(e.getKey()),
                    new LayerFingerprint(pair.get(0).getAsDouble(), pair.get(1).getAsDouble()));
        });
        return prints;
    }

    private static Probe.Input readInput(JsonObject json) {
        return new Probe.Input(
                ElementType.valueOf(text(json, "type")),
                json.getAsJsonArray("shape").asList().stream()
                        .mapToLong(JsonElement::getAsLong)
                        .toArray(),
                Base64.getDecoder().decode(text(json, "values")));
    }

    private static FloatNode readFloat(JsonObject json) {
        return new FloatNode(
                text(json, "type"),
                json.getAsJsonArray("outputs").asList().stream()
                        .map(JsonElement::getAsString)
                        .toList(),
                text(json, "why"));
    }

    private static ScoreEntry readScore(JsonObject json) {
        Map<String, Double> outputs = new LinkedHashMap<>();
        if (json.has("outputs")) {
            json.getAsJsonObject("outputs").entrySet().forEach(e -> outputs.put(e.getKey(), decibels(e.getValue())));
        }
        return new ScoreEntry(
                json.get("samples").getAsInt(),
                json.has("top1") ? Optional.of(json.get("top1").getAsDouble()) : Optional.empty(),
                json.get("agreement").getAsDouble(),
                decibels(json.get("snr")),
                outputs);
    }

    private static double decibels(JsonElement json) {
        if (json.getAsJsonPrimitive().isNumber()) {
            return json.getAsDouble();
        }
        return Arrays.stream(new double[] {Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
                .filter(d -> TablePage.decibels(d).equals(json.getAsString()))
                .findFirst()
                .orElse(Double.NaN);
    }
}
