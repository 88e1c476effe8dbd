package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.host.artifact.DirectoryArtifact;
import dev.detent.host.contract.ExportFixture;
import dev.detent.host.pipeline.FrozenQuantizedModel;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.verify.ParameterComparison;
import dev.detent.spi.backend.Target;
import dev.detent.spi.export.ReadableExporter;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.testkit.SampleGraphs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Artefacts with damaged bytes, a few hundred per format, the same in every run: reading one back gives differences, or
 * a sentence that names the file, or nothing where the bytes are such that nobody reads; never another exception, for
 * which the plugin would be blamed.
 */
class DamagedArtifactTest {

    private static final int MUTANTS = Integer.getInteger("detent.mutants", 300);

    @TempDir
    static Path work;

    /** Every exporter once, though several targets have it. */
    static Stream<Arguments> formats() {
        Set<String> seen = new HashSet<>();
        return TestPlatform.REGISTRY.targets().stream()
                .filter(t -> !t.id().startsWith("ppq:") || t.id().equals("ppq:TRT_INT8"))
                .flatMap(t -> t.exporters().stream()
                        // A list of what is not plain: of a plain network it says nothing.
                        .filter(e -> !e.id().equals("hybrid"))
                        .filter(e -> seen.add(e.id() + ": " + e.summary()))
                        .map(e -> Arguments.of(t, e, t.id() + "." + e.id())));
    }

    @ParameterizedTest(name = "{2}")
    @MethodSource("formats")
    void damageIsADifferenceOrASentence(Target target, ReadableExporter exporter, String name) throws IOException {
        Pipeline.Result result = quantized(target, exporter);
        Path folder = work.resolve(name.replace(':', '.'));
        Map<String, byte[]> whole = ExportFixture.to(folder, exporter, "model", target.id(), result);
        Map<String, TensorQuantization> entries = exporter.entries(frozen(target, result));
        assertThat(outcome(exporter, folder, entries)).as("undamaged").isEqualTo("clean");
        Random random = new Random(name.hashCode());
        // An empty list of exceptions has nothing that could be damaged.
        List<String> files = whole.keySet().stream()
                .filter(f -> Objects.requireNonNull(whole.get(f)).length > 0)
                .sorted()
                .toList();
        List<String> outcomes = new ArrayList<>();
        for (int i = 0; i < MUTANTS; i++) {
            String file = files.get(i % files.size());
            byte[] bytes = whole.get(file);
            Files.write(folder.resolve(file), file.endsWith(".onnx") ? flipped(bytes, random) : edited(bytes, random));
            outcomes.add(outcome(exporter, folder, entries));
            Files.write(folder.resolve(file), bytes);
        }
        assertThat(outcomes).allMatch(o -> o.matches("(?s)clean|differs|sentence"));
        assertThat(outcomes).contains("sentence");
    }

    /** The first sample graph of which the format has something to say. */
    private static Pipeline.Result quantized(Target target, ReadableExporter exporter) {
        return Stream.concat(SampleGraphs.all().values().stream(), Stream.of(product()))
                .map(g -> TestPlatform.quantize(g, target.id(), TestPlatform.noise(g, 2), 1))
                .filter(r -> !exporter.entries(frozen(target, r)).isEmpty())
                .findFirst()
                .orElseThrow(() -> new AssertionError("no sample graph has an entry in this format"));
    }

    /** A product large enough for weights in blocks. */
    private static Graph product() {
        float[] w = new float[64 * 32];
        for (int i = 0; i < w.length; i++) {
            w[i] = (i * 37 % 101 - 50) / 50f;
        }
        return new Graph()
                .edit()
                .opset("", 13)
                .input(ValueInfo.of("x", ElementType.FLOAT, 1, 4, 64))
                .initializer("w", Tensor.ofFloats(new long[] {64, 32}, w))
                .add(Node.of("product", "MatMul", List.of("x", "w"), List.of("y"), Map.of()))
                .output(ValueInfo.of("y", ElementType.FLOAT, 1, 4, 32))
                .graph();
    }

    private static FrozenQuantizedModel frozen(Target target, Pipeline.Result result) {
        return new FrozenQuantizedModel(
                "model", target.id(), result.graph(), result.configs().snapshot());
    }

    private static String outcome(ReadableExporter exporter, Path folder, Map<String, TensorQuantization> entries) {
        DirectoryArtifact files = new DirectoryArtifact("model", folder);
        try {
            exporter.graph(files);
            return ParameterComparison.problems(entries, exporter.read(files, entries))
                            .isEmpty()
                    ? "clean"
                    : "differs";
        } catch (UserException e) {
            assertThat(e.getMessage()).isNotBlank();
            return "sentence";
        } catch (RuntimeException e) {
            return e + " at " + Arrays.stream(e.getStackTrace()).limit(8).toList();
        }
    }

    /** One to three bytes changed, or the end cut off. */
    private static byte[] flipped(byte[] whole, Random random) {
        byte[] bytes = whole.clone();
        if (random.nextInt(10) == 0) {
            return Arrays.copyOf(bytes, random.nextInt(bytes.length));
        }
        for (int e = random.nextInt(3); e >= 0; e--) {
            bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        }
        return bytes;
    }

    /** What editors, merges and bad disks do to a text: a character, a number, a line, the end. */
    private static byte[] edited(byte[] whole, Random random) {
        StringBuilder text = new StringBuilder(new String(whole, StandardCharsets.UTF_8));
        int at = random.nextInt(text.length());
        int end = Math.min(text.length(), at + 1 + random.nextInt(20));
        switch (random.nextInt(7)) {
            case 0 -> text.setCharAt(at, "{}[]:,.\"\\ \n-e0Na".charAt(random.nextInt(16)));
            case 1 -> text.delete(at, end);
            case 2 -> text.insert(at, text.substring(at, end));
            case 3 -> text.setLength(at);
            case 4 ->
                text.insert(
                        at,
                        List.of("NaN", "1e99", "-", "null", "[]", "{}", "\"x\"").get(random.nextInt(7)));
            case 5 -> {
                int from = text.lastIndexOf("\n", at) + 1;
                int to = text.indexOf("\n", at);
                text.delete(from, to < 0 ? text.length() : to + 1);
            }
            default -> replaceNumber(text, at, random);
        }
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static void replaceNumber(StringBuilder text, int near, Random random) {
        for (int i = near; i < text.length(); i++) {
            if (Character.isDigit(text.charAt(i))) {
                text.replace(
                        i,
                        i + 1,
                        List.of("", "0", "9", "00000000", "\"7\"", "7.").get(random.nextInt(6)));
                return;
            }
        }
    }
}
