package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.host.data.Preprocessing;
import dev.detent.host.data.SampleLoader;
import dev.detent.host.normalize.HalfPrecision;
import dev.detent.onnx.OnnxReader;
import dev.detent.onnx.OpsetUpgrade;
import dev.detent.runtime.OrtModel;
import dev.detent.runtime.OrtOptimizationLevel;
import dev.detent.runtime.Samples;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Small models that failed once, as exporters and people make them: If branches that read the graph around them,
 * operators whose form changed between opsets, outputs that are no tensors. Each is a few kilobytes in
 * {@code cases.zip}, with three samples.
 */
class CasesTest {

    @TempDir
    Path work;

    /** Unpacks a case: its model, and three samples in {@code data}. */
    private Path model(String name) throws IOException {
        try (ZipInputStream in =
                new ZipInputStream(Objects.requireNonNull(CasesTest.class.getResourceAsStream("/cases.zip")))) {
            for (ZipEntry e = in.getNextEntry(); e != null; e = in.getNextEntry()) {
                if (e.getName().startsWith(name + "/")) {
                    Path file = work.resolve(e.getName());
                    Files.createDirectories(file.getParent());
                    Files.copy(in, file);
                }
            }
        }
        return work.resolve(name).resolve("model.onnx");
    }

    private CaseRun run(String name, String target) throws IOException {
        Path model = model(name);
        return CaseRun.of(work, model, model.resolveSibling("data").toString(), target);
    }

    private Samples samples(String name) throws IOException {
        Path model = work.resolve(name).resolve("model.onnx");
        Graph graph = OnnxReader.read(model);
        HalfPrecision.widen(graph, name);
        return SampleLoader.open(graph, model.resolveSibling("data").toString(), Preprocessing.parse("none"), 0);
    }

    /**
     * Weights that branches read stay what they are for them, whatever happens to the same weights outside; branches'
     * constants and external weights come along.
     */
    @ParameterizedTest
    @CsvSource({
        "if_outer_w, qnn-ep, 30",
        "if_outer_w, onnxruntime, 30",
        "if_outer_w, tensorrt, 30",
        "if_eq, qnn-ep, 30",
        "if_eq, rknn, 30",
        "if_eq, dsp, 25",
        "if_const, onnxruntime, 30",
        "ext_if, qnn-ep, 30",
        "if_reduce, qnn-ep16, 40",
        "if_reduce, fp8-e4m3, 25",
        "roialign, fp8-e4m3, 28",
        "gn18, fp8-e4m3, 22",
        "gn18, qnn-ep16, 40",
        "mask_1e4, qnn-ep, 28",
        "mask_1e4, rknn, 28",
        "sparse, onnxruntime, 38",
        "zipmap, onnxruntime, 30",
        "zipmap, tensorrt, 30",
        "qdq_in, onnxruntime, 28",
        "qdq_in, tensorrt, 30",
        "qdq_in, qnn-ep, 28",
        "fp16, onnxruntime, 40"
    })
    void isQuantizedAndComesOutAlike(String name, String target, double snr) throws IOException {
        CaseRun run = run(name, target);
        assertThat(run.snr("simulated")).isGreaterThan(snr);
        assertThat(run.problems()).doesNotContain("DT-EVA-006", "DT-EVA-007");
        assertThat(run.verified(samples(name))).isEmpty();
    }

    /** Float models mean the same before and after, to the last digits. */
    @ParameterizedTest
    @ValueSource(strings = {"roialign", "if_reduce", "gn18"})
    void aRaisedModelComputesTheSame(String name) throws IOException {
        Path model = model(name);
        Graph raised = OnnxReader.read(model);
        OpsetUpgrade.apply(raised, OpsetUpgrade.NEWEST, model.toString());
        assertThat(raised.opset()).isEqualTo(21);
        Samples samples = samples(name);
        Map<String, float[]> before = new HashMap<>();
        try (OrtModel a = OrtModel.of(model, OrtOptimizationLevel.NONE);
                OrtModel b = OrtModel.of(raised, OrtOptimizationLevel.NONE, name)) {
            a.forEach(samples, 1, d -> {}, (i, out) -> a.outputs().forEach(o -> before.put(i + o, out.floats(o))));
            b.forEach(
                    samples,
                    1,
                    d -> {},
                    (i, out) -> b.outputs()
                            .forEach(o -> assertThat(out.floats(o))
                                    .usingComparatorWithPrecision(1e-5f)
                                    .containsExactly(Objects.requireNonNull(before.get(i + o)))));
        }
    }

    /** Boxes in pixels and scores below 1 in one Concat: at 8 bits every score is 0. */
    @Test
    void anOperandThatASharedScaleLosesIsTold() throws IOException {
        assertThat(run("yolo_head", "qnn-ep").outcome().problems()).anySatisfy(p -> {
            assertThat(p.id()).isEqualTo("DT-QNT-005");
            assertThat(p.where()).isEqualTo("scores");
            assertThat(p.sentence()).contains("'cat'", "--backend qnn-ep16");
        });
    }

    @Test
    void sixteenBitsHaveStepsForBoth() throws IOException {
        assertThat(run("yolo_head", "qnn-ep16").problems()).doesNotContain("DT-QNT-005");
    }

    /** The ratio of each output: their mean hides one that is lost. */
    @Test
    void everyOutputHasAScoreOfItsOwn() throws IOException {
        CaseRun run = run("if_eq", "onnxruntime");
        assertThat(run.outcome().scores().get("simulated").outputs()).containsOnlyKeys("y", "z");
        assertThat(run.outcome().scores().get("simulated").outputs().get("z")).isInfinite();
    }

    @Test
    void aFloatModelThatGivesNaNItselfIsToldAsSuch() throws IOException {
        assertThat(run("nan_out", "onnxruntime").outcome().problems())
                .anySatisfy(p -> assertThat(p.sentence()).startsWith("the float network gives NaN or infinity"));
    }

    /** Its label alone was scored, as exact, and nothing said that nobody had looked at the probabilities. */
    @Test
    void anOutputThatIsNoTensorIsSaidToBeLeftOut() throws IOException {
        assertThat(run("zipmap", "onnxruntime").outcome().problems()).anySatisfy(p -> {
            assertThat(p.id()).isEqualTo("DT-EVA-016");
            assertThat(p.where()).isEqualTo("probabilities");
            assertThat(p.sentence()).contains("those of 'label' alone");
        });
    }

    /** Blocks whose values between operators are sequences: learning stopped with a NullPointerException. */
    @ParameterizedTest
    @ValueSource(strings = {"tensorrt", "onnxruntime"})
    void learningGoesAroundSequences(String target) throws IOException {
        GraphEditor e = CaseRun.graph(17).input(ValueInfo.of("x", ElementType.FLOAT, 1, 32, 6, 6));
        e.initializer("w", CaseRun.weight(1, 32, 32, 3, 3)).initializer("v", CaseRun.weight(2, 32, 16, 3, 3));
        e.initializer("u", CaseRun.weight(3, 32, 32, 3, 3)).initializer("one", Tensor.ofLongs(new long[0], 1));
        e.add(Node.of("first", "Conv", List.of("x", "w"), List.of("a"), Map.of()));
        e.add(Node.of("relu", "Relu", List.of("a"), List.of("b"), Map.of()));
        e.initializer("half", Tensor.ofLongs(new long[0], 16));
        e.add(Node.of(
                "split",
                "SplitToSequence",
                List.of("b", "half"),
                List.of("parts"),
                Map.of("axis", new Attribute.IntValue(1))));
        e.add(Node.of("at", "SequenceAt", List.of("parts", "one"), List.of("part"), Map.of()));
        e.add(Node.of("second", "Conv", List.of("part", "v"), List.of("y"), Map.of()));
        e.add(Node.of("aside", "Conv", List.of("b", "u"), List.of("z"), Map.of()));
        CaseRun run = CaseRun.of(
                work, CaseRun.output(CaseRun.output(e, "y"), "z").graph(), target, 1, "adaptive-rounding=on");
        assertThat(run.snr("simulated")).isGreaterThan(25);
    }

    /** ONNX Runtime inlines functions that the file brings. */
    @Test
    void aModelWithFunctionsIsRun() throws IOException {
        assertThat(run("functions", "onnxruntime").outcome().scores()).containsKey("exported");
    }

    @Test
    void sixteenBitPortsThatBecomeWiderAreTold() throws IOException {
        assertThat(run("fp16", "onnxruntime").outcome().problems()).anySatisfy(p -> {
            assertThat(p.id()).isEqualTo("DT-QNT-004");
            assertThat(p.severity()).isEqualTo(Problem.Severity.WARNING);
            assertThat(p.sentence()).contains("[x, y]");
        });
    }

    /** No pair in front of an Add whose convolution stays float: the first convolution alone pays off. */
    @Test
    void anAddBehindAFloatConvolutionStaysFloat() throws IOException {
        assertThat(run("mid_outputs", "tensorrt").outcome().nodes()).isEqualTo(1);
    }

    /** Nothing said that TensorRT before 10.9 refuses two channels in a group of a transposed convolution. */
    @Test
    void thinGroupsOfATransposedConvolutionAreTold() throws IOException {
        GraphEditor e = CaseRun.graph(17).input(ValueInfo.of("x", ElementType.FLOAT, 1, 32, 6, 6));
        e.initializer("w", CaseRun.weight(1, 32, 2, 3, 3)).initializer("dense", CaseRun.weight(2, 32, 32, 3, 3));
        Map<String, Attribute> groups = Map.of("group", new Attribute.IntValue(16));
        e.add(Node.of("grouped", "ConvTranspose", List.of("x", "w"), List.of("v"), groups));
        e.add(Node.of("one", "ConvTranspose", List.of("v", "dense"), List.of("y"), Map.of()));
        CaseRun run = CaseRun.of(work, CaseRun.output(e, "y").graph(), "tensorrt", 1);
        assertThat(run.outcome().problems().stream()
                        .filter(p -> p.id().equals("DT-TRT-003"))
                        .map(Problem::where))
                .containsExactly("grouped");
    }

    /** It stayed float, whatever it computed. Weights as they are and turned, attention's two products, a swap. */
    @ParameterizedTest
    @CsvSource({
        "'bik,kj->bij', '2 6 64', '64 48', true",
        "'b i k , j k -> b i j', '2 6 64', '48 64', true",
        "'ok,bk->bo', '4 64', '48 64', true",
        "'bhqd,bhkd->bhqk', '1 2 6 32', '1 2 6 32', true",
        "'bhqk,bhkd->bhqd', '1 2 6 6', '1 2 6 32', true",
        "'bki,bkj->bij', '2 64 6', '2 64 5', true",
        "'bik,kj->bji', '2 6 64', '64 48', false",
        "'bik,bik->bi', '2 6 64', '2 6 64', false",
        "'bik,jl->bikjl', '1 2 4', '3 4', false"
    })
    void anEinsumThatIsAProductIsQuantizedAsOne(String equation, String a, String b, boolean isProduct)
            throws IOException {
        boolean swapped = equation.startsWith("ok");
        GraphEditor e = CaseRun.graph(17).input(ValueInfo.of("x", ElementType.FLOAT, shape(a)));
        if (b.chars().filter(c -> c == ' ').count() == 1) {
            e.initializer("w", CaseRun.weight(1, shape(b)));
        } else {
            e.input(ValueInfo.of("w", ElementType.FLOAT, shape(b)));
        }
        List<String> inputs = swapped ? List.of("w", "x") : List.of("x", "w");
        e.add(Node.of("e", "Einsum", inputs, List.of("y"), Map.of("equation", new Attribute.StringValue(equation))));
        CaseRun run = CaseRun.of(work, CaseRun.output(e, "y").graph(), "onnxruntime", 1);
        assertThat(run.outcome().nodes()).isEqualTo(isProduct ? 1 : 0);
        if (isProduct) {
            assertThat(run.snr("exported")).isGreaterThan(30);
            assertThat(run.verified()).isEmpty();
        }
    }

    private static long[] shape(String text) {
        return Stream.of(text.split(" ")).mapToLong(Long::parseLong).toArray();
    }
}
