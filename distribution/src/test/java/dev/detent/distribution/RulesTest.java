package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.host.Detent;
import dev.detent.host.check.NodeFate;
import dev.detent.host.check.TargetCheck;
import dev.detent.host.job.DryRun;
import dev.detent.host.job.QuantizeRequest;
import dev.detent.host.progress.Progress;
import dev.detent.host.record.RunDirectory;
import dev.detent.host.rules.Rule;
import dev.detent.host.rules.RuleHits;
import dev.detent.host.rules.RuleReader;
import dev.detent.host.rules.RuleText;
import dev.detent.host.settings.Settings;
import dev.detent.host.verify.ArtifactVerifier;
import dev.detent.onnx.OnnxReader;
import dev.detent.onnx.OnnxWriter;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.Yaml;

/** A person's rules, from their text to the files that each toolchain reads. */
class RulesTest {

    private static final Map<String, Path> RUNS = new HashMap<>();

    @TempDir
    static Path work;

    private static Path model;
    private static Path data;

    @BeforeAll
    static void prepare() throws IOException {
        model = network(work.resolve("net.onnx"));
        data = noise(work.resolve("data.npy"));
    }

    /** conv1 relu1 conv2 (+ relu1) relu2 conv3, with as many channels as every chip's kernels want. */
    static Path network(Path file) throws IOException {
        GraphEditor e = new Graph().edit().opset("", 13).input(ValueInfo.of("x", ElementType.FLOAT, 1, 8, 6, 6));
        conv(e, "conv1", "x", "c1", 8);
        e.add(Node.of("relu1", "Relu", List.of("c1"), List.of("r1"), Map.of()));
        conv(e, "conv2", "r1", "c2", 16);
        e.add(Node.of("add", "Add", List.of("c2", "r1"), List.of("s"), Map.of()));
        e.add(Node.of("head/relu2", "Relu", List.of("s"), List.of("r2"), Map.of()));
        conv(e, "head/conv3", "r2", "y", 16);
        OnnxWriter.write(
                e.output(ValueInfo.of("y", ElementType.FLOAT, 1, 16, 6, 6)).graph(), file);
        return file;
    }

    static Path noise(Path file) throws IOException {
        float[] values = new float[4 * 8 * 36];
        Random random = new Random(3);
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return InstalledDistribution.npy(file, "4, 8, 6, 6", values);
    }

    private static void conv(GraphEditor e, String name, String in, String out, int from) {
        float[] w = new float[16 * from * 9];
        Random random = new Random(name.hashCode());
        for (int i = 0; i < w.length; i++) {
            w[i] = (float) random.nextGaussian() / 8;
        }
        float[] b = new float[16];
        for (int i = 0; i < b.length; i++) {
            b[i] = (float) random.nextGaussian();
        }
        e.initializer(name + ".w", Tensor.ofFloats(new long[] {16, from, 3, 3}, w));
        e.initializer(name + ".b", Tensor.ofFloats(new long[] {16}, b));
        e.add(Node.of(
                name,
                "Conv",
                List.of(in, name + ".w", name + ".b"),
                List.of(out),
                Map.of(
                        "pads",
                        new Attribute.Ints(List.of(1L, 1L, 1L, 1L)),
                        "kernel_shape",
                        new Attribute.Ints(List.of(3L, 3L)))));
    }

    private static Detent detent() {
        return Detent.of(TestPlatform.REGISTRY, "test");
    }

    private static Path run(String target, String format, String... rules) {
        return RUNS.computeIfAbsent(target + format + Arrays.toString(rules), k -> {
            Path out = work.resolve("run" + RUNS.size());
            detent().quantize(
                            QuantizeRequest.of(model, List.of(target), out)
                                    .calibration(data.toString())
                                    .format(format)
                                    .settings(Settings.NONE.with(Stream.of(rules)
                                            .map(RulesTest::rule)
                                            .toList()))
                                    .workers(1)
                                    .build(),
                            Progress.QUIET);
            return out;
        });
    }

    private static Rule rule(String text) {
        return text.contains("->") ? RuleText.rule(text) : RuleText.keepFloat(text);
    }

    private static String text(Path out, String file) {
        try {
            return Files.readString(out.resolve(file));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Graph qdq(Path out) {
        return OnnxReader.read(out.resolve("net.qdq.onnx"));
    }

    /** The operator that gives an input of a node in a Q/DQ file. */
    private static String feeder(Graph g, String node, int input) {
        return g.producer(g.node(node).orElseThrow().input(input))
                .map(Node::opType)
                .orElse("");
    }

    /** Zero point of the pair that an input of a node reads. */
    private static Node pair(Graph g, String node, int input) {
        return g.producer(g.node(node).orElseThrow().input(input)).orElseThrow();
    }

    private static Tensor constant(Graph g, Node dequantize, int input) {
        return g.initializer(dequantize.input(input)).orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(strings = {"qnn-ep", "tensorrt", "openvino", "rknn", "svp-npu"})
    void aNodeThatIsKeptInFloatReadsNoCodes(String target) {
        Graph plain = qdq(run(target, "qdq"));
        assertThat(feeder(plain, "conv2", 1)).isEqualTo("DequantizeLinear");
        Graph kept = qdq(run(target, "qdq", "conv2"));
        assertThat(feeder(kept, "conv2", 1)).isEmpty();
        assertThat(feeder(kept, "head/conv3", 1)).isEqualTo("DequantizeLinear");
    }

    /** The record and the report count it as float, with the person's reason, and its life begins with the rule. */
    @Test
    void aNodeThatIsKeptInFloatIsReportedSo() {
        Path kept = run("onnxruntime", "qdq", "conv2");
        assertThat(text(kept, "detent.json")).containsPattern("\"conv2\": \\{[^}]*\"why\": \"because of --keep-float");
        assertThat(text(kept, "report.html")).contains("user-rules (--keep-float");
        assertThat(quantized(kept)).isEqualTo(quantized(run("onnxruntime", "qdq")) - 1);
    }

    private static int quantized(Path run) {
        Matcher card =
                Pattern.compile(">(\\d+)<[^>]*>\\s*<[^>]*>nodes quantized of").matcher(text(run, "report.html"));
        assertThat(card.find()).isTrue();
        return Integer.parseInt(card.group(1));
    }

    @Test
    void tablesLeaveOutWhatStaysFloat() {
        assertThat(text(run("ncnn", "table"), "net.table")).contains("conv2");
        assertThat(text(run("ncnn", "table", "conv2"), "net.table"))
                .doesNotContain("conv2")
                .contains("conv1");
        assertThat(text(run("mnn", "compression", "conv2"), "net.mnn.json"))
                .doesNotContain("\"opName\": \"c2\"")
                .contains("\"opName\": \"c1\"");
        assertThat(text(run("nnie", "gfpq", "conv2"), "net_gfpq_param_dict.json"))
                .doesNotContain("conv2")
                .contains("conv1");
        assertThat(text(run("qnn", "encodings", "tensor:r1 -> keep=float"), "net.encodings"))
                .containsPattern("\"r1\": \\[\\s*\\{\\s*\"bitwidth\": 32,\\s*\"dtype\": \"float\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"onnxruntime", "qnn-ep"})
    void sixteenBitsAreInTheFile(String target) {
        Graph g = qdq(run(target, "qdq", "node:head/** -> bits=16"));
        assertThat(constant(g, pair(g, "head/conv3", 0), 2).type()).isEqualTo(ElementType.UINT16);
        assertThat(constant(g, pair(g, "conv2", 0), 2).type()).isEqualTo(ElementType.UINT8);
    }

    @ParameterizedTest
    @CsvSource({
        "qnn, encodings, net.encodings, \"bitwidth\": 16",
        "snpe, overrides, net.overrides.json, \"bitwidth\": 16",
        "ppq:PPL_CUDA_INT8, config, net.json, \"bit_width\": 16",
        "acme, table, net.tensors.json, \"bits\": 16"
    })
    void sixteenBitsAreInTheSideFile(String target, String format, String file, String written) throws IOException {
        Path out = run(target, format, "node:head/** -> bits=16");
        Path side = Files.exists(out.resolve(file)) ? out.resolve(file) : jsonOf(out);
        assertThat(Files.readString(side)).contains(written);
        Path plain = run(target, format);
        assertThat(Files.readString(plain.resolve(out.relativize(side)))).doesNotContain(written);
    }

    private static Path jsonOf(Path out) throws IOException {
        try (Stream<Path> files = Files.list(out)) {
            return files.filter(f -> f.toString().endsWith(".json"))
                    .filter(f -> !f.endsWith("detent.json") && !f.endsWith("journal.json"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    @Test
    void weightsGetTheirWidthOnly() {
        Graph g = qdq(run("onnxruntime", "qdq", "slot:weight -> bits=4"));
        Tensor codes = constant(g, pair(g, "conv2", 1), 0);
        for (int code : codes.codes()) {
            assertThat(code).isBetween(-7, 7);
        }
        assertThat(constant(g, pair(g, "conv2", 0), 2).type()).isEqualTo(ElementType.UINT8);
    }

    @ParameterizedTest
    @ValueSource(strings = {"onnxruntime", "tensorrt", "rknn"})
    void aFixedRangeIsKept(String target) {
        Graph g = qdq(run(target, "qdq", "tensor:r1 -> range=-3..12.75"));
        float scale = constant(g, pair(g, "conv2", 0), 1).floats()[0];
        assertThat(scale).isEqualTo(target.equals("tensorrt") ? 12.75f / 127 : 15.75f / 255);
    }

    @Test
    void aFixedEncodingIsInTheVendorsFile() {
        String encodings = text(run("qnn", "encodings", "tensor:r1 -> scale=0.125 zero-point=3"), "net.encodings");
        assertThat(encodings).containsPattern("\"r1\": \\[[^]]*\"scale\": 0.125");
    }

    @ParameterizedTest
    @ValueSource(strings = {"onnxruntime", "openvino", "qnn"})
    void theChosenObserverIsNotReplacedByARival(String target) {
        String format = target.equals("qnn") ? "encodings" : "qdq";
        String journal = text(run(target, format, "tensor:r1 -> observer=percentile(percentile=0.9)"), "journal.json");
        assertThat(journal)
                .contains("percentile(percentile=0.9) over the calibration samples")
                .contains("--rule 'tensor:r1 -> observer=percentile(percentile=0.9)'");
    }

    /** The four cases that the state machine's authors name: passive, initial, float, and everything else refused. */
    @ParameterizedTest
    @CsvSource({
        "onnxruntime, qdq, passive, PASSIVE_BAKED",
        "onnxruntime, qdq, initial, BAKED",
        "onnxruntime, qdq, float, FP32",
        "qnn, encodings, passive, PASSIVE_BAKED",
        "qnn, encodings, initial, BAKED",
        "qnn, encodings, float, FP32",
        "rknn, qdq, passive, PASSIVE_BAKED",
        "rknn, qdq, initial, BAKED",
        "rknn, qdq, float, FP32"
    })
    void aBiasStartsAsThePersonSays(String target, String format, String state, String ends) {
        Path out = run(target, format, "type:Conv slot:bias -> state=" + state);
        assertThat(text(out, "detent.json"))
                .containsPattern("\"slot\": \"conv2:in:2\",\\s*\"value\": \"conv2.b\",\\s*\"state\": \"" + ends + "\"");
        assertThat(ArtifactVerifier.run(TestPlatform.REGISTRY, RunDirectory.read(out), Optional.empty())
                        .problems())
                .isEmpty();
    }

    /** ONNX Runtime adds a bias's codes to its sums whatever scale stands beside them. */
    @Test
    void aBiasWithItsOwnScaleIsWrittenInFloat() {
        Graph g = qdq(run("onnxruntime", "qdq", "type:Conv slot:bias -> state=initial"));
        assertThat(feeder(g, "conv2", 2)).isEmpty();
        assertThat(feeder(g, "conv2", 1)).isEqualTo("DequantizeLinear");
    }

    @ParameterizedTest
    @ValueSource(strings = {"activated", "soi", "baked", "off"})
    void anyOtherStateOfABiasIsRefusedWithTheReason(String state) {
        assertThatThrownBy(() -> RuleText.rule("slot:bias -> state=" + state))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("a bias starts passive (scale = input x weight");
    }

    @ParameterizedTest
    @ValueSource(strings = {"onnxruntime", "tensorrt", "openvino"})
    void whatIsSwitchedOffEndsDeactivated(String target) {
        Path out = run(target, "qdq", "conv2 -> off");
        assertThat(text(out, "detent.json")).containsPattern("\"slot\": \"conv2:in:1\"[^}]*\"state\": \"DEACTIVATED\"");
        assertThat(feeder(qdq(out), "conv2", 1)).isEmpty();
    }

    static Stream<Arguments> formats() {
        return TestPlatform.REGISTRY.targets().stream()
                .filter(t -> !t.id().startsWith("ppq:") || t.id().equals("ppq:TRT_INT8"))
                .flatMap(t -> t.exporters().stream().map(e -> Arguments.of(t.id(), e.id())));
    }

    /** Every format of every target has a place for a layer in float. */
    @ParameterizedTest
    @MethodSource("formats")
    void everyFormatTakesALayerInFloat(String target, String format) {
        Path out = run(target, format, "conv2");
        assertThat(ArtifactVerifier.run(TestPlatform.REGISTRY, RunDirectory.read(out), Optional.empty())
                        .problems())
                .isEmpty();
    }

    private static List<RuleHits> hits(String target, String yaml) {
        List<Rule> rules = RuleReader.list(new Yaml().load(yaml), "detent.yaml");
        List<DryRun> runs = detent().dryRun(model, List.of(target), Settings.NONE.with(rules));
        return runs.get(0).hits();
    }

    @Test
    void rulesAreShownBeforeDataAreTouched() {
        List<RuleHits> hits = hits(
                "onnxruntime",
                "[{match: {type: [Conv, Gemm], slot: bias}, state: initial}, {match: {between: [c1, s]}, bits: 16}]");
        assertThat(hits.get(0).nodes()).containsExactly("conv1", "conv2", "head/conv3");
        assertThat(hits.get(1).nodes()).containsExactly("relu1", "conv2", "add");
        assertThat(hits.get(1).slots()).allMatch(h -> h.after().scheme().bits() == 16);
    }

    @Test
    void theLaterRuleCounts() {
        List<RuleHits> hits =
                hits("onnxruntime", "[{match: {type: Conv}, keep: float}, {match: {node: conv2}, bits: 16}]");
        assertThat(hits.get(0).slots()).noneMatch(h -> h.slot().toString().equals("conv2:in:0"));
        assertThat(hits.get(1).slots())
                .extracting(h -> h.after().scheme().bits())
                .containsOnly(16);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{match: {node: conv9}, keep: float} | DT-RUL-002 | did you mean 'conv1'?",
                "{match: {type: Softmx}, keep: float} | DT-RUL-002 | no operator of type 'Softmx'",
                "{match: {between: [s, c1]}, keep: float} | DT-RUL-002 | no way leads from 's' to 'c1'",
                "{match: {slot: weight}, bits: 3} | DT-RUL-005 | target 'onnxruntime' has 4 or 8 or 16 bits there",
                "{match: {tensor: y}, bits: 16} | DT-RUL-004 | computes in float",
                "{match: {slot: weight}, range: [-1, 1]} | DT-RUL-007 | each channel has a scale of its own",
                "{match: {slot: bias}, observer: minmax} | DT-RUL-007 | add state=initial",
                "{match: {tensor: r1}, scale: 0.1, zero-point: 300} | DT-RUL-007 | 0 to 255",
                "{match: {node: conv2}, keep: float, bits: 8} | DT-RUL-016 | what stays float has no bits=8",
                "{match: {node: conv2}, bit: 8} | DT-RUL-014 | did you mean 'bits'?",
                "{match: {slot: weight}, state: initial} | DT-RUL-022 | only a bias starts so"
            })
    void aRuleThatCannotBeMeantIsOneSentence(String rule, String id, String sentence) {
        assertThatThrownBy(() -> hits("onnxruntime", "[" + rule + "]"))
                .isInstanceOf(UserException.class)
                .hasMessageContaining(id)
                .hasMessageContaining("rule 1 of detent.yaml")
                .hasMessageContaining(sentence);
    }

    @Test
    void aRuleThatALaterOneCoversWhollyIsRefused() {
        assertThatThrownBy(() ->
                        hits("onnxruntime", "[{match: {node: conv2}, bits: 16}, {match: {type: Conv}, keep: float}]"))
                .hasMessageContaining("DT-RUL-006")
                .hasMessageContaining("put the narrower of the two last");
    }

    @Test
    void aCheckTellsWithoutDataWhatStaysFloatAndWhy() {
        List<TargetCheck> checks = detent().check(
                        model,
                        List.of("onnxruntime", "ncnn"),
                        Settings.NONE.with(List.of(rule("node:conv2 -> keep=float"))));
        TargetCheck first = checks.get(0);
        assertThat(first.unquantized())
                .containsEntry("Conv: because of --rule 'node:conv2 -> keep=float'", List.of("conv2"));
        assertThat(first.islands()).containsExactly("conv2");
        // 8, 16 and 16 channels into each of three convolutions' outputs.
        assertThat(first.share(8)).isEqualTo(24 / 40.0);
        assertThat(checks.get(1).count(NodeFate.Kind.UNSUPPORTED)).isEqualTo(3);
        // Without data no activation has a scale that a target's own checks could look at.
        assertThat(first.lintComplete()).isFalse();
    }

    @Test
    void aWidthThatAnotherTargetHasIsSuggested() {
        assertThatThrownBy(() -> hits("tensorrt", "[{match: {node: conv2}, bits: 16}]"))
                .hasMessageContaining("target 'tensorrt' has 8 bits there, or float")
                .hasMessageContaining("have it");
    }
}
