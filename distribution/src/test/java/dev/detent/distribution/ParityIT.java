package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * States, roots and scales against PPQ 0.6.5.1 over the whole corpus. Any state or root that differs fails; numbers may
 * differ only where docs/differences.md says why.
 */
class ParityIT {

    /** Traces whose numbers differ on purpose, with the entry of docs/differences.md. */
    private static final Map<String, String> OTHER_NUMBERS =
            Map.of("gemm.", "D-02", "gemm_sq.", "D-02", "deconv.", "D-01", "pools.", "D-03", ".isotone.", "D-04");

    @TempDir
    static Path work;

    private static Path corpus;

    @BeforeAll
    static void unpack() throws IOException {
        corpus = InstalledDistribution.corpus(work.resolve("corpus"));
    }

    @Test
    void defaultSettingsOnEveryTarget() throws IOException {
        InstalledDistribution.Run run = InstalledDistribution.run("trace", corpus, "--out", work.resolve("traces"));
        assertThat(run.code()).as(run.all()).isZero();
        compare(corpus.resolve("traces"), work.resolve("traces"), 578);
    }

    @Test
    void settingVariants() throws IOException {
        InstalledDistribution.Run run = InstalledDistribution.run(
                "trace", corpus, "--out", work.resolve("variants"), "--settings", corpus.resolve("settings.json"));
        assertThat(run.code()).as(run.all()).isZero();
        compare(corpus.resolve("variants"), work.resolve("variants"), 188);
    }

    @Test
    void quantizeWritesTheSameTrace() throws IOException {
        // The tiny model's data as one .npy of eight samples.
        byte[] raw = Files.readAllBytes(corpus.resolve("calib/tiny.f32"));
        float[] values = new float[raw.length / 4];
        java.nio.ByteBuffer.wrap(raw)
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer()
                .get(values);
        Path data = InstalledDistribution.npy(work.resolve("tiny.npy"), "8, 3, 32, 32", values);
        InstalledDistribution.Run run = InstalledDistribution.run(
                "quantize",
                corpus.resolve("models/tiny.onnx"),
                "--backend",
                "ppq:TRT_INT8",
                "--calibration",
                data,
                "--out",
                work.resolve("tiny"),
                "--trace",
                work.resolve("tiny.TRT_INT8.json"));
        assertThat(run.code()).as(run.all()).isZero();
        Path one = Files.createDirectories(work.resolve("one"));
        Path mine = Files.createDirectories(work.resolve("mine"));
        Files.copy(corpus.resolve("traces/tiny.TRT_INT8.json"), one.resolve("tiny.TRT_INT8.json"));
        Files.copy(work.resolve("tiny.TRT_INT8.json"), mine.resolve("tiny.TRT_INT8.json"));
        compare(one, mine, 1);
    }

    private static void compare(Path reference, Path candidate, int expected) throws IOException {
        List<String> wrong = new ArrayList<>();
        int files = 0;
        int entries = 0;
        try (Stream<Path> all = Files.list(reference)) {
            for (Path f : all.sorted().toList()) {
                files++;
                String name = f.getFileName().toString();
                Map<String, Map<String, JsonObject>> want = tables(f);
                Map<String, Map<String, JsonObject>> have = tables(candidate.resolve(name));
                boolean numbers = OTHER_NUMBERS.keySet().stream()
                        .noneMatch(k -> k.startsWith(".") ? name.contains(k) : name.startsWith(k));
                for (Map.Entry<String, Map<String, JsonObject>> pass : want.entrySet()) {
                    for (Map.Entry<String, JsonObject> slot : pass.getValue().entrySet()) {
                        entries++;
                        JsonObject mine =
                                have.getOrDefault(pass.getKey(), Map.of()).get(slot.getKey());
                        if (!agrees(slot.getValue(), mine, numbers)) {
                            wrong.add(name + " " + pass.getKey() + " " + slot.getKey() + ": want "
                                    + brief(slot.getValue()) + " have " + brief(mine));
                        }
                    }
                }
            }
        }
        assertThat(files).isEqualTo(expected);
        assertThat(entries).isGreaterThan(120 * expected);
        assertThat(wrong.stream().limit(20)).isEmpty();
    }

    private static boolean agrees(JsonObject want, JsonObject have, boolean numbers) {
        if (have == null
                || !want.get("state").equals(have.get("state"))
                || !want.get("root").equals(have.get("root"))) {
            return false;
        }
        boolean loose = Set.of("kl", "mse", "isotone")
                .contains(want.get("observer").getAsString().toLowerCase(java.util.Locale.ROOT));
        return !numbers
                || want.get("scale").isJsonNull()
                || near(want.get("scale"), have.get("scale"), loose ? 1e-3 : 1e-5)
                        && near(want.get("offset"), have.get("offset"), 0);
    }

    private static boolean near(JsonElement a, JsonElement b, double tolerance) {
        if (a.isJsonNull() || b.isJsonNull()) {
            return a.equals(b);
        }
        JsonArray x = array(a);
        JsonArray y = array(b);
        int n = Math.max(x.size(), y.size());
        for (int i = 0; i < n; i++) {
            double p = x.get(x.size() == 1 ? 0 : i).getAsDouble();
            double q = y.get(y.size() == 1 ? 0 : i).getAsDouble();
            if (Math.abs(p - q) > Math.max(tolerance * Math.max(Math.abs(p), Math.abs(q)), 1e-12)) {
                return false;
            }
        }
        return true;
    }

    private static JsonArray array(JsonElement e) {
        if (e.isJsonArray()) {
            return e.getAsJsonArray();
        }
        JsonArray one = new JsonArray();
        one.add(e);
        return one;
    }

    private static String brief(JsonObject row) {
        return row == null
                ? "nothing"
                : row.get("state") + " " + row.get("root") + " " + row.get("scale") + " " + row.get("offset");
    }

    private static Map<String, Map<String, JsonObject>> tables(Path file) throws IOException {
        if (!Files.exists(file)) {
            return Map.of();
        }
        JsonObject trace = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
        Map<String, JsonObject> now = new LinkedHashMap<>();
        trace.getAsJsonObject("slots")
                .entrySet()
                .forEach(e -> now.put(e.getKey(), e.getValue().getAsJsonObject()));
        Map<String, Map<String, JsonObject>> tables = new LinkedHashMap<>();
        tables.put("initial", copy(now));
        for (JsonElement p : trace.getAsJsonArray("passes")) {
            JsonObject pass = p.getAsJsonObject();
            pass.getAsJsonObject("delta").entrySet().forEach(e -> {
                JsonObject row =
                        now.computeIfAbsent(e.getKey(), k -> new JsonObject()).deepCopy();
                e.getValue().getAsJsonObject().entrySet().forEach(c -> row.add(c.getKey(), c.getValue()));
                now.put(e.getKey(), row);
            });
            tables.put(pass.get("cls").getAsString(), copy(now));
        }
        return tables;
    }

    private static Map<String, JsonObject> copy(Map<String, JsonObject> table) {
        return new LinkedHashMap<>(table);
    }
}
