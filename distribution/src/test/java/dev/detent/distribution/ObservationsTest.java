package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.host.Detent;
import dev.detent.host.job.ObserveInParts;
import dev.detent.host.job.ObserveRequest;
import dev.detent.host.job.ObserveResult;
import dev.detent.host.job.QuantizeOutcome;
import dev.detent.host.job.QuantizeRequest;
import dev.detent.host.observe.KnownObservations;
import dev.detent.host.observe.Observations;
import dev.detent.host.observe.ObservationsFile;
import dev.detent.host.observe.PartFiles;
import dev.detent.host.observe.Shard;
import dev.detent.host.progress.Progress;
import dev.detent.host.settings.Settings;
import dev.detent.onnx.OnnxWriter;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Statistics that are kept in a file: merged from shards, and quantized from without data. */
class ObservationsTest {

    private static final int SAMPLES = 7;

    @TempDir
    static Path work;

    private static Path model;
    private static Path data;

    @BeforeAll
    static void prepare() throws IOException {
        model = RulesTest.network(work.resolve("net.onnx"));
        data = noise(model, SAMPLES);
    }

    private static Path noise(Path of, int rows) throws IOException {
        ValueInfo input = Detent.normalized(of).inputs().get(0);
        long[] shape = input.shape().orElseThrow().stream()
                .mapToLong(d -> d.isKnown() ? d.size() : 1)
                .toArray();
        int size = rows;
        StringBuilder text = new StringBuilder().append(rows);
        for (int i = 1; i < shape.length; i++) {
            size *= (int) shape[i];
            text.append(", ").append(shape[i]);
        }
        float[] values = new float[size];
        Random random = new Random(5);
        for (int i = 0; i < size; i++) {
            values[i] = (float) random.nextGaussian() * (1 + i * rows / size);
        }
        return InstalledDistribution.npy(work.resolve(of.getFileName() + "." + rows + ".npy"), text.toString(), values);
    }

    private static QuantizeRequest.Builder request(Path of, String out, String... targets) {
        return QuantizeRequest.of(of, List.of(targets), work.resolve(out)).workers(2);
    }

    private static ObserveResult observe(Path of, Path looked, String shard, String... targets) {
        return Detent.of(TestPlatform.REGISTRY, "test")
                .observe(
                        new ObserveRequest(
                                request(of, "unused", targets)
                                        .calibration(looked.toString())
                                        .build(),
                                Shard.parse(shard)),
                        Progress.QUIET);
    }

    private static Observations merged(Map<String, Observations> all) {
        SortedMap<String, Observations> sorted = new TreeMap<>(all);
        return Observations.merge(sorted);
    }

    private static QuantizeOutcome quantize(QuantizeRequest.Builder request) {
        return Detent.of(TestPlatform.REGISTRY, "test")
                .quantize(request.build(), Progress.QUIET)
                .outcome();
    }

    private static KnownObservations kept(String name, Observations o) {
        Path file = work.resolve(name);
        ObservationsFile.write(file, o);
        return KnownObservations.read(file);
    }

    /** For all targets, one of whose passes (smoothing) changes the network by what it saw of the data. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void shardsMergedAreOneLookByteForByte(int number) throws IOException {
        Path of = number == 0 ? model : random(number);
        Path looked = number == 0 ? data : noise(of, SAMPLES);
        byte[] whole = ObservationsFile.bytes(observe(of, looked, "1/1").observations());
        Map<String, Observations> shards = new LinkedHashMap<>();
        for (int k = 1; k <= 3; k++) {
            shards.put("s" + k, observe(of, looked, k + "/3").observations());
        }
        assertThat(ObservationsFile.bytes(merged(shards))).isEqualTo(whole);
        Map<String, Observations> otherwise = new LinkedHashMap<>();
        otherwise.put("a", shards.get("s3"));
        otherwise.put("b", shards.get("s1"));
        otherwise.put("c", shards.get("s2"));
        assertThat(ObservationsFile.bytes(merged(otherwise))).isEqualTo(whole);
    }

    /** Ended behind the first part, as the listener does here, the same command looks at the others only. */
    @Test
    void anInterruptedLookGoesOn() throws IOException {
        Path written = work.resolve("parts.obs");
        ObserveInParts request = new ObserveInParts(
                request(model, "unused", "onnxruntime")
                        .calibration(data.toString())
                        .build(),
                3,
                written);
        Detent detent = Detent.of(TestPlatform.REGISTRY, "test");
        assertThatThrownBy(() -> detent.observe(request, (what, done, total) -> {
                    if (what.startsWith("part 2")) {
                        throw new IllegalStateException("ended");
                    }
                }))
                .hasMessageContaining("ended");
        Path parts = work.resolve("parts.obs.parts");
        assertThat(parts.toFile().list()).hasSize(1).allMatch(f -> f.endsWith("-1-of-3.obs"));

        List<String> looked = Collections.synchronizedList(new ArrayList<>());
        ObserveResult result = detent.observe(request, (what, done, total) -> looked.add(what));
        assertThat(looked).anyMatch(w -> w.startsWith("part 2")).noneMatch(w -> w.startsWith("part 1"));
        assertThat(ObservationsFile.bytes(result.observations()))
                .isEqualTo(ObservationsFile.bytes(
                        observe(model, data, "1/1", "onnxruntime").observations()));

        Files.writeString(parts.resolve("mine"), "a person's");
        PartFiles.clear(written);
        assertThat(parts.toFile().list()).containsExactly("mine");
    }

    /** What another look has kept is not taken for this one's. */
    @Test
    void partsOfOtherDataAreNotGoneOnWith() throws IOException {
        Path written = work.resolve("others.obs");
        Detent detent = Detent.of(TestPlatform.REGISTRY, "test");
        QuantizeRequest of = request(model, "unused", "onnxruntime")
                .calibration(noise(model, 4).toString())
                .build();
        detent.observe(new ObserveInParts(of, 3, written), Progress.QUIET);
        byte[] both = ObservationsFile.bytes(detent.observe(
                        new ObserveInParts(
                                request(model, "unused", "onnxruntime")
                                        .calibration(data.toString())
                                        .build(),
                                3,
                                written),
                        Progress.QUIET)
                .observations());
        assertThat(both)
                .isEqualTo(ObservationsFile.bytes(
                        observe(model, data, "1/1", "onnxruntime").observations()));
    }

    /** Every sample twice as large as the one before calls for more; 64 of a kind do not. */
    @Test
    void aRunSaysWhetherTheSamplesWereEnough() throws IOException {
        int size = 8 * 6 * 6;
        float[] growing = new float[8 * size];
        for (int i = 0; i < growing.length; i++) {
            growing[i] = (float) Math.scalb((i % 7 - 3) / 3.0, i / size);
        }
        Path few = InstalledDistribution.npy(work.resolve("growing.npy"), "8, 8, 6, 6", growing);
        assertThat(ranges(few)).matches("the range of '.+' still grows, by \\d+ % from 4 to 8 samples: add samples");
        float[] alike = new float[64 * size];
        for (int i = 0; i < alike.length; i++) {
            alike[i] = (i % size % 7 - 3) / 3f;
        }
        Path many = InstalledDistribution.npy(work.resolve("alike.npy"), "64, 8, 6, 6", alike);
        assertThat(ranges(many)).isEqualTo("32 of the 64 samples suffice: they reach 95 % of every range");
    }

    private static String ranges(Path looked) {
        return quantize(request(model, "ranges", "openvino").calibration(looked.toString()))
                .measured()
                .ranges()
                .orElseThrow()
                .sentence();
    }

    private static Path random(int seed) throws IOException {
        Graph graph = RandomGraphs.of(seed);
        Path file = work.resolve("random" + seed + ".onnx");
        OnnxWriter.write(graph, file);
        return file;
    }

    /** The same bytes as from data, where no pass runs the quantized network. */
    @ParameterizedTest
    @CsvSource({
        "onnxruntime, net.qdq.onnx, float-fallback",
        "tensorrt, net.qdq.onnx, adaptive-rounding",
        "openvino, net.qdq.onnx, ''",
        "qnn, net.encodings, ''",
        "ncnn, net.table, ''",
        "rknn, net.qdq.onnx, ''",
        "vitis, net.qdq.onnx, ''"
    })
    void withoutDataTheFilesAreThoseOfTheData(String target, String file, String onSamples) throws IOException {
        KnownObservations known =
                kept(target + ".obs", observe(model, data, "1/1", target).observations());
        QuantizeOutcome without =
                quantize(request(model, "without-" + target, target).observations(known));
        assertThat(without.samples()).isEqualTo(SAMPLES);
        assertThat(without.problems().stream()
                        .filter(p -> p.id().equals("DT-STA-008"))
                        .map(Problem::sentence)
                        .toList())
                .hasSize(onSamples.isEmpty() ? 0 : 1)
                .allMatch(s -> s.contains(onSamples));
        Settings settings = Settings.NONE.with("calibration.rival=");
        settings = onSamples.isEmpty() ? settings : settings.with(onSamples + "=off");
        quantize(request(model, "with-" + target, target)
                .calibration(data.toString())
                .settings(settings));
        assertThat(work.resolve("without-" + target).resolve(file))
                .hasSameBinaryContentAs(work.resolve("with-" + target).resolve(file));
    }

    /** A run keeps what it saw; another target is quantized from it, and what it lacks is said. */
    @Test
    void everyRunKeepsItsStatistics() throws IOException {
        quantize(request(model, "run", "onnxruntime").calibration(data.toString()));
        Path kept = work.resolve("run").resolve("observations.bin");
        assertThat(kept).exists();
        assertThat(Files.readString(work.resolve("run/detent.json"))).contains("observations.bin");
        QuantizeOutcome again = quantize(
                request(model, "again", "onnxruntime").observations(KnownObservations.read(work.resolve("run"))));
        assertThat(again.problems()).extracting(Problem::id).contains("DT-STA-008", "DT-CAL-002");
        assertThat(work.resolve("again/observations.bin")).doesNotExist();
        quantize(request(model, "none", "ncnn").calibration(data.toString()).withoutObservations());
        assertThat(work.resolve("none/observations.bin")).doesNotExist();
    }

    @Test
    void statisticsOfAnotherModelAreRefused() throws IOException {
        KnownObservations known = kept(
                "other.obs",
                observe(random(1), noise(random(1), 2), "1/1", "ncnn").observations());
        assertThatThrownBy(() -> quantize(request(model, "other", "ncnn").observations(known)))
                .hasMessageContaining("DT-STA-003")
                .hasMessageContaining("was made from another model");
        assertThat(work.resolve("other")).doesNotExist();
    }

    /** What was not kept is named, with the way out. */
    @Test
    void whatIsLackingIsNamed() {
        KnownObservations known =
                kept("ncnn.obs", observe(model, data, "1/1", "ncnn").observations());
        assertThatThrownBy(() -> quantize(request(model, "lack", "ncnn")
                        .observations(known)
                        .settings(Settings.NONE.with("calibration.method=isotone"))))
                .hasMessageContaining("DT-STA-004")
                .hasMessageContaining("isotone");
        assertThatThrownBy(() -> quantize(request(model, "lack", "ncnn")
                        .observations(known)
                        .settings(Settings.NONE.with("percentile.percentile=0.99"))))
                .hasMessageContaining("DT-STA-004")
                .hasMessageContaining("percentile");
    }

    @Test
    void someShardsAreNotEnough() {
        Observations one = observe(model, data, "1/2", "ncnn").observations();
        assertThatThrownBy(() -> kept("half.obs", one)).hasMessageContaining("DT-STA-005");
        assertThatThrownBy(() -> merged(Map.of("a", one, "b", one))).hasMessageContaining("holds a shard that another");
        Observations other = observe(model, data, "2/3", "ncnn").observations();
        assertThatThrownBy(() -> merged(Map.of("a", one, "b", other))).hasMessageContaining("DT-STA-006");
        assertThatThrownBy(() -> observe(model, data, "8/8", "ncnn"))
                .hasMessageContaining("DT-STA-007")
                .hasMessageContaining("part 8/8: there are more parts than samples (");
        assertThatThrownBy(() -> Shard.parse("4/3")).hasMessageContaining("DT-STA-007");
    }

    /** Different data, as of several days, add up. */
    @Test
    void looksAtDifferentDataAddUp() throws IOException {
        Observations both = merged(Map.of(
                "a", observe(model, data, "1/1", "ncnn").observations(),
                "b", observe(model, noise(model, 3), "1/1", "ncnn").observations()));
        assertThat(both.data().samples()).isEqualTo(SAMPLES + 3);
        assertThat(both.data().digests()).hasSize(2);
        quantize(request(model, "sum", "ncnn").observations(kept("sum.obs", both)));
        assertThat(work.resolve("sum/net.table")).exists();
    }

    /** Wherever a bit is turned, the file is refused. */
    @Test
    void damageIsRefusedInOneSentence() throws IOException {
        byte[] whole =
                ObservationsFile.bytes(observe(model, data, "1/1", "ncnn").observations());
        List<byte[]> damaged = new ArrayList<>();
        for (int at = 0; at < whole.length; at += whole.length / 40) {
            byte[] turned = whole.clone();
            turned[at] ^= 4;
            damaged.add(turned);
        }
        damaged.add(java.util.Arrays.copyOf(whole, whole.length / 2));
        damaged.add(new byte[0]);
        Path file = work.resolve("damaged.obs");
        for (byte[] content : damaged) {
            Files.write(file, content);
            assertThatThrownBy(() -> ObservationsFile.read(file)).hasMessageContaining("DT-STA-00");
        }
        Files.writeString(file, "detent-observations 9\nfrom the future");
        assertThatThrownBy(() -> ObservationsFile.read(file)).hasMessageContaining("newer Detent");
        Files.writeString(file, "a person's notes");
        assertThatThrownBy(() -> ObservationsFile.write(
                        file, observe(model, data, "1/1", "ncnn").observations()))
                .hasMessageContaining("is not overwritten");
    }
}
