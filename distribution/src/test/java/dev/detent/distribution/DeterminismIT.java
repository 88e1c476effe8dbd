package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.detent.onnx.OnnxReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Same model, same data, same bytes: whatever the number of threads, the language with its digits and capitals, the
 * time zone, the encoding, the order in which files were made, and the Java.
 */
@Tag("slow")
class DeterminismIT {

    private static final Path OTHER_JAVA = Path.of("/usr/lib/jvm/temurin-25-jdk-amd64");
    private static final String TARGETS = "onnxruntime,nnie,qnn,ncnn";

    @TempDir
    static Path work;

    private static Path model;
    private static Path data;
    private static Map<String, String> expected;

    @BeforeAll
    static void prepare() throws IOException {
        Path corpus = InstalledDistribution.corpus(work.resolve("corpus"));
        model = corpus.resolve("models/resnet.onnx");
        data = samples("data", IntStream.range(0, 8).boxed().toList());
        expected = run("expected", Map.of(), data, List.of());
        assertThat(expected).containsKeys("comparison.html", "nnie/detent.json", "qnn/detent.json");
    }

    /** The same eight files, written in an order of their own. */
    private static Path samples(String name, List<Integer> order) throws IOException {
        Path folder = Files.createDirectories(work.resolve(name));
        byte[] raw = Files.readAllBytes(work.resolve("corpus/calib/resnet.f32"));
        long[] shape = OnnxReader.read(model).inputs().get(0).staticShape().orElseThrow();
        int count = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        for (int i : order) {
            float[] values = new float[count];
            ByteBuffer.wrap(raw, 4 * count * i, 4 * count)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .asFloatBuffer()
                    .get(values);
            InstalledDistribution.npy(
                    folder.resolve("sample" + i + ".npy"),
                    Arrays.toString(shape).replaceAll("[\\[\\]]", ""),
                    values);
        }
        return folder;
    }

    private static Map<String, String> run(String name, Map<String, String> environment, Path data, List<String> more)
            throws IOException {
        Path out = work.resolve(name).resolve("out");
        Object[] command = Stream.concat(
                        Stream.of(
                                "quantize",
                                model,
                                "--backend",
                                TARGETS,
                                "--calibration",
                                data,
                                "--evaluate",
                                data,
                                "--out",
                                out),
                        more.stream())
                .toArray();
        InstalledDistribution.Run run = InstalledDistribution.launch(environment, command);
        assertThat(run.code()).as(run.all()).isZero();
        Map<String, String> tree = new TreeMap<>();
        try (Stream<Path> files = Files.walk(out)) {
            for (Path f : files.filter(Files::isRegularFile).toList()) {
                tree.put(out.relativize(f).toString(), HexFormat.of().formatHex(Files.readAllBytes(f)));
            }
        }
        return tree;
    }

    static Stream<String> circumstances() {
        Stream<String> languages = Stream.of(
                        "ar-EG",
                        "th-TH-u-nu-thai",
                        "tr-TR",
                        "de-DE",
                        "hi-IN",
                        "fa-IR",
                        "ja-JP",
                        "zh-CN",
                        "fr-CH",
                        "my-MM")
                .map(l -> {
                    String[] part = l.split("-", 3);
                    return "-Duser.language=" + part[0] + " -Duser.country=" + part[1]
                            + (part.length > 2 ? " -Duser.extensions=" + part[2] : "");
                });
        return Stream.of(
                        languages,
                        Stream.of(
                                "-Duser.timezone=Asia/Kolkata -Dfile.encoding=US-ASCII",
                                "-Duser.timezone=Pacific/Apia"),
                        Stream.of("--threads 1", "--threads 5", "reversed", "java"))
                .flatMap(s -> s);
    }

    @ParameterizedTest
    @MethodSource("circumstances")
    void comesOutTheSame(String how) throws IOException {
        assumeTrue(!how.equals("java") || Files.isDirectory(OTHER_JAVA), "no other Java here");
        String name = "run" + how.hashCode();
        Map<String, String> found = how.startsWith("--")
                ? run(name, Map.of(), data, List.of(how.split(" ")))
                : how.equals("reversed")
                        ? run(name, Map.of(), samples("reversed/data", List.of(7, 6, 5, 4, 3, 2, 1, 0)), List.of())
                        : how.equals("java")
                                ? run(name, Map.of("JAVA_HOME", OTHER_JAVA.toString()), data, List.of())
                                : run(name, Map.of("DETENT_JAVA_OPTS", how), data, List.of());
        assertThat(found.keySet()).isEqualTo(expected.keySet());
        found.forEach((file, bytes) ->
                assertThat(bytes.equals(expected.get(file))).as(file).isTrue());
    }
}
