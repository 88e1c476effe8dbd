package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.backends.litert.TfliteReader;
import dev.detent.host.contract.ExportFixture;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.onnx.OnnxReader;
import dev.detent.spi.backend.Target;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.testkit.SampleGraphs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What every exporter of every target writes for three small graphs and the corpus's MobileNet, as text: ONNX files as
 * a listing of their nodes and constants, of the larger model the first lines ({@link GoldenIT} has the real one).
 * Numbers may differ in the fifth digit: ONNX Runtime sums in another order on another CPU. Accept with {@code mvn -pl
 * distribution -am test -Dtest=GoldenTest -Ddetent.golden=accept -Dsurefire.failIfNoSpecifiedTests=false}.
 */
class GoldenTest {

    private static final Path GOLDEN = Path.of("src/test/golden");
    private static final List<String> SMALL = List.of("conv-relu", "residual", "gemm-softmax");
    static final int LINES_OF_LARGE_MODEL = 40;
    private static final Pattern NUMBER = Pattern.compile("-?\\d+(\\.\\d+)?(E-?\\d+)?");
    private static final Pattern BITS = Pattern.compile("(?<= )[0-9a-f]{8}(?= |$)");
    private static final Pattern LETTERS = Pattern.compile(" (?=[0-9]*[a-f])[0-9a-f]{8}( |$)");

    @TempDir
    static Path work;

    static Stream<Arguments> formats() {
        return TestPlatform.REGISTRY.targets().stream()
                .filter(t -> !t.id().startsWith("ppq:") || t.id().equals("ppq:TRT_INT8"))
                .flatMap(t ->
                        t.exporters().stream().map(e -> Arguments.of(t, e, t.id().replace(':', '.') + "." + e.id())));
    }

    @ParameterizedTest(name = "{2}")
    @MethodSource("formats")
    void everyFormatIsWrittenAsItWas(Target target, Exporter exporter, String name) throws IOException {
        StringBuilder text = new StringBuilder();
        for (String graph : SMALL) {
            Graph g = SampleGraphs.all().get(graph);
            text.append(written(target, exporter, graph, g, 4, Integer.MAX_VALUE));
        }
        Path corpus = work.resolve("corpus");
        if (!Files.exists(corpus)) {
            InstalledDistribution.corpus(corpus);
        }
        text.append(written(
                target,
                exporter,
                "mobile",
                OnnxReader.read(corpus.resolve("models/mobile.onnx")),
                2,
                LINES_OF_LARGE_MODEL));
        compare(name, text.toString());
    }

    /** With the golden file of this name, or, when told to, into it. */
    static void compare(String name, String text) throws IOException {
        Path golden = GOLDEN.resolve(name + ".txt");
        if ("accept".equals(System.getProperty("detent.golden"))) {
            Files.createDirectories(GOLDEN);
            Files.writeString(golden, text);
            return;
        }
        assertThat(golden).as("accept it: see the class comment of GoldenTest").exists();
        assertSame(Files.readString(golden).lines().toList(), text.lines().toList());
    }

    private static String written(Target target, Exporter exporter, String name, Graph source, int samples, int limit)
            throws IOException {
        return written(
                target,
                exporter,
                name,
                TestPlatform.quantize(source, target.id(), TestPlatform.noise(source, samples), 1),
                limit);
    }

    static String written(Target target, Exporter exporter, String name, Pipeline.Result r, int limit)
            throws IOException {
        Path temporary = Files.createTempDirectory("golden");
        try {
            return written(target, exporter, name, r, limit, temporary.resolve("out"));
        } finally {
            InstalledDistribution.delete(temporary);
        }
    }

    private static String written(
            Target target, Exporter exporter, String name, Pipeline.Result r, int limit, Path folder)
            throws IOException {
        StringBuilder text = new StringBuilder("=== " + name + "\n");
        for (Map.Entry<String, byte[]> file :
                ExportFixture.to(folder, exporter, name, target.id(), r).entrySet()) {
            List<String> lines = lines(folder, file.getKey(), file.getValue());
            text.append("--- ")
                    .append(file.getKey())
                    .append(", ")
                    .append(lines.size())
                    .append(" lines\n");
            lines.stream().limit(limit).forEach(l -> text.append(l).append('\n'));
        }
        return text.toString();
    }

    private static List<String> lines(Path folder, String file, byte[] bytes) {
        if (file.endsWith(".onnx")) {
            return listing(OnnxReader.read(folder.resolve(file)));
        }
        if (file.endsWith(".tflite")) {
            return new TfliteReader(file, bytes).listing();
        }
        return file.endsWith(".caffemodel")
                ? List.of(bytes.length + " bytes")
                : new String(bytes, StandardCharsets.UTF_8)
                        .lines()
                        .map(l -> l.substring(0, Math.min(400, l.length())))
                        .toList();
    }

    /** Nodes with inputs and outputs, and the start of every constant. */
    private static List<String> listing(Graph g) {
        Stream<String> nodes = g.nodes().stream().map(GoldenTest::line);
        Stream<String> constants = g.initializers().entrySet().stream()
                .map(e -> e.getKey() + " " + e.getValue() + " " + start(e.getValue()));
        return Stream.of(Stream.of("opset " + g.opset()), nodes, constants)
                .flatMap(s -> s)
                .toList();
    }

    private static String line(Node n) {
        return (n.domain().isEmpty() ? "" : n.domain() + ".") + n.opType() + " " + n.name() + " " + n.inputs() + " -> "
                + n.outputs();
    }

    private static String start(Tensor t) {
        return switch (t.type()) {
            case FLOAT, FLOAT16, BFLOAT16, DOUBLE ->
                Arrays.toString(Arrays.copyOf(t.floats(), (int) Math.min(4, t.elementCount())));
            case INT64, UINT64 -> Arrays.toString(Arrays.copyOf(t.longs(), (int) Math.min(8, t.elementCount())));
            default -> Arrays.toString(Arrays.copyOf(t.codes(), (int) Math.min(8, t.elementCount())));
        };
    }

    /**
     * Floats that a format writes as their bits; eight digits are some only beside eight characters that no number has.
     */
    private static String decimal(String line) {
        return !LETTERS.matcher(line).find()
                ? line
                : BITS.matcher(line)
                        .replaceAll(m -> Float.toString(Float.intBitsToFloat(Integer.parseUnsignedInt(m.group(), 16))));
    }

    /** Line by line; numbers within a fifth digit, whole ones within one: another CPU sums in another order. */
    private static void assertSame(List<String> golden, List<String> written) {
        List<String> expected = golden.stream().map(GoldenTest::decimal).toList();
        List<String> found = written.stream().map(GoldenTest::decimal).toList();
        assertThat(found).hasSameSizeAs(expected);
        for (int i = 0; i < expected.size(); i++) {
            assertThat(NUMBER.matcher(found.get(i)).replaceAll("#"))
                    .as("line " + (i + 1))
                    .isEqualTo(NUMBER.matcher(expected.get(i)).replaceAll("#"));
            Matcher a = NUMBER.matcher(expected.get(i));
            Matcher b = NUMBER.matcher(found.get(i));
            while (a.find() && b.find()) {
                double x = Double.parseDouble(a.group());
                double y = Double.parseDouble(b.group());
                boolean whole = a.group(1) == null && b.group(1) == null;
                assertThat(Math.abs(x - y))
                        .as(found.get(i) + " in line " + (i + 1) + " was " + expected.get(i))
                        .isLessThanOrEqualTo(whole ? 1 : 1e-4 * Math.abs(x) + 1e-9);
            }
        }
    }
}
