package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.host.evaluate.EvaluationMetrics;
import dev.detent.host.normalize.GraphNormalizer;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.onnx.OnnxReader;
import dev.detent.onnx.proto.AttributeProto;
import dev.detent.onnx.proto.GraphProto;
import dev.detent.onnx.proto.ModelProto;
import dev.detent.onnx.proto.NodeProto;
import dev.detent.onnx.proto.OperatorSetIdProto;
import dev.detent.onnx.proto.TensorProto;
import dev.detent.onnx.proto.TypeProto;
import dev.detent.onnx.proto.ValueInfoProto;
import dev.detent.runtime.OrtModel;
import dev.detent.runtime.OrtOptimizationLevel;
import dev.detent.runtime.Sample;
import dev.detent.runtime.Samples;
import dev.detent.runtime.SegmentedSimulation;
import dev.detent.runtime.Simulation;
import dev.detent.runtime.TensorRecorder;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.run.Simulator;
import dev.detent.testkit.SampleGraphs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The segmented run against ONNX Runtime: bit for bit at every layer, whatever is switched, however many workers. */
class SimulationTest {

    @TempDir
    static Path work;

    /** Targets whose every scheme QuantizeLinear and DequantizeLinear have in 8 bits. */
    private static final Set<String> SINGLE_SESSION = Set.of("onnxruntime", "tensorrt", "dsp");

    private static final int RANDOM = 20;

    private static Path corpus;

    @BeforeAll
    static void unpack() throws IOException {
        corpus = InstalledDistribution.corpus(work);
    }

    private record Model(Graph graph, Quantization quantization, String name) implements QuantizedModel {
        @Override
        public String target() {
            return "";
        }
    }

    static Stream<Arguments> modelsAndTargets() {
        List<Arguments> all = new ArrayList<>();
        for (String target : List.of(
                "onnxruntime",
                "tensorrt",
                "dsp",
                "ppq:TRT_INT8",
                "ppq:PPL_DSP_INT8",
                "openvino",
                "qnn-ep16",
                "fp8-e4m3",
                "fp8-e5m2",
                "graphcore-fp8",
                "fpga",
                "rknn-channel")) {
            SampleGraphs.all().keySet().forEach(g -> all.add(Arguments.of(g, target)));
            List.of("resnet", "mobile", "addchain", "eltwise", "dynup11", "tiny", "pools")
                    .forEach(m -> all.add(Arguments.of(m, target)));
        }
        for (String target : List.of("onnxruntime", "tensorrt", "dsp", "openvino")) {
            IntStream.range(0, RANDOM).forEach(seed -> all.add(Arguments.of("random " + seed, target)));
        }
        return all.stream();
    }

    private static Graph graph(String name) {
        if (name.startsWith("random ")) {
            return RandomGraphs.of(Long.parseLong(name.substring("random ".length())));
        }
        Graph g = SampleGraphs.all().get(name);
        return g != null ? g : OnnxReader.read(corpus.resolve("models/" + name + ".onnx"));
    }

    /**
     * Every float value of the graph, raw, in the simulation and in the exported Q/DQ graph that ONNX Runtime leaves as
     * it is.
     */
    @ParameterizedTest
    @MethodSource("modelsAndTargets")
    void everyLayerIsBitEqualToTheExportedQdqNodes(String name, String target) {
        Graph source = graph(name);
        Samples samples = TestPlatform.noise(source, 3);
        Pipeline.Result r = TestPlatform.quantize(source, target, samples, 1);
        Set<String> values = floats(r.graph());
        Graph exported = TestPlatform.qdq(new Model(r.graph().copy(), r.configs(), name));
        Map<String, String> raw = new LinkedHashMap<>();
        values.forEach(v -> raw.put(v, exported.producer(v + "_raw").isPresent() ? v + "_raw" : v));
        GraphEditor edit = exported.edit();
        raw.values().stream()
                .filter(v -> !exported.isOutput(v))
                .forEach(v -> edit.output(ValueInfo.of(v, ElementType.FLOAT).withName(v)));
        List.copyOf(exported.outputs()).forEach(o -> edit.removeOutput(o.name()));
        raw.values()
                .forEach(v -> edit.output(new ValueInfo(
                        v, ElementType.UNDEFINED, Optional.empty(), dev.detent.spi.graph.UnmodeledProto.NONE)));
        List<Map<String, float[]>> expected = new ArrayList<>();
        try (OrtModel m = OrtModel.of(exported, OrtOptimizationLevel.NONE, name)) {
            m.forEach(samples, 1, d -> {}, (i, o) -> {
                Map<String, float[]> all = new LinkedHashMap<>();
                raw.forEach((v, e) -> all.put(v, o.floats(e)));
                expected.add(all);
            });
        }
        Graph simulated = r.graph().copy();
        if (simulated.nodes().stream().anyMatch(n -> n.is("AveragePool"))) {
            // ONNX Runtime sums an AveragePool of opset 19 in another order than one of opset 13.
            simulated.edit().opset("", exported.opset());
        }
        try (SegmentedSimulation m =
                SegmentedSimulation.of(simulated, Optional.of(r.configs()), values, OrtOptimizationLevel.NONE)) {
            for (int i = 0; i < samples.size(); i++) {
                Samples one = TestPlatform.samples(List.of(samples.get(i)));
                int index = i;
                TensorRecorder.of(m, values, one)
                        .forEach((v, seen) -> assertThat(seen)
                                .as(v)
                                .isEqualTo(expected.get(index).get(v)));
            }
        }
        assertThat(values).isNotEmpty();
    }

    static IntStream seeds() {
        return IntStream.range(0, RANDOM);
    }

    /** The integer kernels that ONNX Runtime fuses compute what the file's nodes say, give or take their roundings. */
    @ParameterizedTest
    @MethodSource("seeds")
    void fusedKernelsComputeWhatTheFileSays(int seed) {
        Graph source = RandomGraphs.of(seed);
        Samples samples = TestPlatform.noise(source, 3);
        Pipeline.Result r = TestPlatform.quantize(source, "onnxruntime", samples, 1);
        Graph exported = TestPlatform.qdq(new Model(r.graph().copy(), r.configs(), "random"));
        List<String> outputs = exported.outputs().stream().map(ValueInfo::name).toList();
        try (OrtModel literal = OrtModel.of(exported, OrtOptimizationLevel.NONE, "random");
                OrtModel fused = OrtModel.of(exported, OrtOptimizationLevel.EXACT, "random")) {
            EvaluationMetrics.Reference reference =
                    EvaluationMetrics.Reference.of(outputs, samples, (s, sink) -> literal.forEach(s, 1, d -> {}, sink));
            EvaluationMetrics score =
                    reference.score((s, sink) -> fused.forEach(s, 1, d -> {}, sink), Optional.empty());
            assertThat(score.snr()).isGreaterThan(20);
        }
    }

    /** A simulation in one session shows every layer as the cut one does, whatever is quantized behind it. */
    @ParameterizedTest
    @MethodSource("modelsAndTargets")
    void aWatchedSimulationShowsWhatTheSegmentsDo(String name, String target) {
        Graph source = graph(name);
        Samples one = TestPlatform.noise(source, 1);
        Pipeline.Result r = TestPlatform.quantize(source, target, one, 1);
        Set<String> values = floats(r.graph());
        try (Simulation whole = Simulation.of(r.graph(), Optional.of(r.configs()), values, OrtOptimizationLevel.ASIS);
                SegmentedSimulation cut = SegmentedSimulation.of(
                        r.graph(), Optional.of(r.configs()), values, OrtOptimizationLevel.ASIS)) {
            Map<String, float[]> expected = TensorRecorder.of(cut, values, one);
            TensorRecorder.of(whole, values, one)
                    .forEach((v, seen) -> assertThat(seen).as(v).isEqualTo(expected.get(v)));
        }
        Set<String> places = floats(r.floatGraph());
        try (Simulation whole = Simulation.of(r.floatGraph(), Optional.empty(), places, OrtOptimizationLevel.ALL);
                SegmentedSimulation plain =
                        SegmentedSimulation.of(r.floatGraph(), Optional.empty(), places, OrtOptimizationLevel.NONE)) {
            Map<String, float[]> expected = TensorRecorder.of(plain, places, one);
            TensorRecorder.of(whole, places, one).forEach((v, seen) -> assertClose(seen, expected.get(v)));
        }
    }

    @Test
    void anObservationOfTheFirstSamplesSeesNoOther() {
        Graph source = graph("resnet");
        Samples samples = TestPlatform.noise(source, 4);
        String output = source.outputs().get(0).name();
        Pipeline.Result r = TestPlatform.quantize(source, "onnxruntime", samples, 1);
        List<Simulator.Observation<Batches>> two = List.of(
                new Simulator.Observation<>(output, "", 2, Batches::new),
                new Simulator.Observation<>(output, Batches::new));
        try (Simulation whole =
                        Simulation.of(r.graph(), Optional.of(r.configs()), Set.of(output), OrtOptimizationLevel.ALL);
                SegmentedSimulation cut = SegmentedSimulation.of(
                        r.graph(), Optional.of(r.configs()), Set.of(output), OrtOptimizationLevel.ALL)) {
            for (Simulation m : List.of(whole, cut)) {
                assertThat(m.observe(two, samples, 2, d -> {}))
                        .extracting(o -> o.count)
                        .containsExactly(2, 4);
            }
        }
    }

    /** Counts batches. */
    private static final class Batches implements Sketch {
        private int count;

        @Override
        public void begin(long[] shape) {
            count++;
        }

        @Override
        public void accept(float[] values, int from, int to) {
            // Only their number counts.
        }

        @Override
        public void merge(Sketch other) {
            count += ((Batches) other).count;
        }
    }

    private static Set<String> floats(Graph graph) {
        Set<String> values = new LinkedHashSet<>();
        for (Node n : graph.nodes()) {
            n.outputs().stream()
                    .filter(o -> graph.valueInfo(o)
                            .map(v -> v.type() == ElementType.FLOAT)
                            .orElse(false))
                    .forEach(values::add);
        }
        return values;
    }

    @Test
    void switchingConfigsEqualsBuildingWithoutThem() {
        Graph source = graph("resnet");
        Samples samples = TestPlatform.noise(source, 2);
        Pipeline.Result r = TestPlatform.quantize(source, "onnxruntime", samples, 1);
        String output = r.graph().outputs().get(0).name();
        List<TensorQuantization> active = new ArrayList<>();
        r.configs().configs().forEach(c -> {
            if (c.state().isActive()) {
                active.add(c);
            }
        });
        try (SegmentedSimulation live = SegmentedSimulation.of(
                        r.graph(), Optional.of(r.configs()), Set.of(), OrtOptimizationLevel.NONE);
                SegmentedSimulation floats =
                        SegmentedSimulation.of(r.graph(), Optional.empty(), Set.of(), OrtOptimizationLevel.NONE)) {
            float[] on = run(live, samples, output);
            active.forEach(c -> live.toggle(c.slot(), false));
            assertThat(run(live, samples, output))
                    .isEqualTo(run(floats, samples, output))
                    .isNotEqualTo(on);
            active.forEach(c -> live.toggle(c.slot(), true));
            assertThat(run(live, samples, output)).isEqualTo(on);
        }
    }

    /**
     * Names with colons, channels that do not fill a block, concatenation, residuals: the blocked layout must not show
     * in a result.
     */
    @ParameterizedTest
    @MethodSource("modelsAndTargets")
    void theBlockedLayoutComputesTheSame(String name, String target) {
        Graph source = graph(name);
        Samples samples = TestPlatform.noise(source, 2);
        Pipeline.Result r = TestPlatform.quantize(source, target, samples, 1);
        String output = r.graph().outputs().get(0).name();
        try (SegmentedSimulation fast = SegmentedSimulation.of(
                        r.floatGraph(), Optional.empty(), floats(r.floatGraph()), OrtOptimizationLevel.ALL);
                SegmentedSimulation plain =
                        SegmentedSimulation.of(r.floatGraph(), Optional.empty(), Set.of(), OrtOptimizationLevel.NONE)) {
            assertClose(run(fast, samples, output), run(plain, samples, output));
        }
    }

    /** Integer targets are simulated in one session; that must not show. */
    @ParameterizedTest
    @MethodSource("modelsAndTargets")
    void theJoinedSimulationComputesWhatTheSegmentsDo(String name, String target) {
        Graph source = graph(name);
        Samples samples = TestPlatform.noise(source, 3);
        Pipeline.Result r = TestPlatform.quantize(source, target, samples, 1);
        String output = r.graph().outputs().get(0).name();
        try (Simulation whole = Simulation.of(r.graph(), r.configs());
                SegmentedSimulation cut = SegmentedSimulation.of(
                        r.graph(), Optional.of(r.configs()), Set.of(), OrtOptimizationLevel.ALL)) {
            assertThat(whole instanceof SegmentedSimulation && SINGLE_SESSION.contains(target))
                    .isFalse();
            assertThat(run(whole, samples, output)).isEqualTo(run(cut, samples, output));
        }
    }

    /** Smoothing changes weights, not the function. */
    @ParameterizedTest
    @ValueSource(strings = {"resnet", "mobile", "addchain", "eltwise", "pools", "dynup11"})
    void smoothingLeavesTheFloatNetworkWhatItWas(String name) {
        Graph source = graph(name);
        Samples samples = TestPlatform.noise(source, 8);
        Pipeline.Result r = TestPlatform.quantize(source, "tensorrt", samples, 1, "smoothing.limit=100");
        Pipeline.Result plain = TestPlatform.quantize(source, "tensorrt", samples, 1, "smoothing=off");
        String output = r.graph().outputs().get(0).name();
        try (SegmentedSimulation smooth =
                        SegmentedSimulation.of(r.floatGraph(), Optional.empty(), Set.of(), OrtOptimizationLevel.NONE);
                SegmentedSimulation before = SegmentedSimulation.of(
                        plain.floatGraph(), Optional.empty(), Set.of(), OrtOptimizationLevel.NONE)) {
            assertClose(run(smooth, samples, output), run(before, samples, output));
        }
    }

    private static void assertClose(float[] a, float[] b) {
        for (int i = 0; i < a.length; i++) {
            assertThat(a[i])
                    .isCloseTo(b[i], org.assertj.core.api.Assertions.within(1e-4f * Math.max(1, Math.abs(b[i]))));
        }
    }

    @Test
    void theNumberOfWorkersDoesNotShow() {
        Graph source = graph("mobile");
        Samples samples = TestPlatform.noise(source, 23);
        for (String method : List.of("minmax", "percentile", "mse", "kl")) {
            String set = "calibration.method=" + method;
            List<Optional<QuantizationParameters>> one =
                    parameters(TestPlatform.quantize(source, "tensorrt", samples, 1, set));
            assertThat(parameters(TestPlatform.quantize(source, "tensorrt", samples, 5, set)))
                    .as(method)
                    .isEqualTo(one);
        }
    }

    private static List<Optional<QuantizationParameters>> parameters(Pipeline.Result r) {
        List<Optional<QuantizationParameters>> all = new ArrayList<>();
        r.configs().configs().forEach(c -> all.add(c.qparams()));
        return all;
    }

    @Test
    void dynamicShapesSeveralInputsAndSubgraphsRun() {
        GraphEditor e = new Graph().edit().opset("", 13);
        List<ValueInfo.Dimension> dynamic = List.of(
                ValueInfo.Dimension.of(1),
                ValueInfo.Dimension.of(3),
                new ValueInfo.Dimension(-1, "H"),
                new ValueInfo.Dimension(-1, "W"));
        e.input(new ValueInfo("a", ElementType.FLOAT, Optional.of(dynamic), dev.detent.spi.graph.UnmodeledProto.NONE));
        e.input(new ValueInfo("b", ElementType.FLOAT, Optional.of(dynamic), dev.detent.spi.graph.UnmodeledProto.NONE));
        e.initializer("w", Tensor.ofFloats(new long[] {2, 3, 1, 1}, .5f, -.5f, .25f, 1, .1f, -.2f));
        e.add(Node.of("add", "Add", List.of("a", "b"), List.of("s"), Map.of()));
        e.add(Node.of("conv", "Conv", List.of("s", "w"), List.of("c"), Map.of()));
        e.add(Node.of("nonzero", "NonZero", List.of("c"), List.of("nz"), Map.of()));
        e.add(Node.of("relu", "Relu", List.of("c"), List.of("y"), Map.of()));
        e.output(new ValueInfo("y", ElementType.FLOAT, Optional.empty(), dev.detent.spi.graph.UnmodeledProto.NONE));
        e.output(new ValueInfo("nz", ElementType.INT64, Optional.empty(), dev.detent.spi.graph.UnmodeledProto.NONE));
        Random random = new Random(3);
        List<Sample> all = new ArrayList<>();
        for (int size : new int[] {4, 7, 4, 5, 7}) {
            all.add(new Sample(Map.of(
                    "a",
                    TestPlatform.input(random, 1, 3, size, size + 1),
                    "b",
                    TestPlatform.input(random, 1, 3, size, size + 1))));
        }
        Samples samples = TestPlatform.samples(all);
        Pipeline.Result r = TestPlatform.quantize(e.graph(), "onnxruntime", samples, 2);
        List<float[]> expected = new ArrayList<>();
        List<long[]> shapes = new ArrayList<>();
        Graph exported = TestPlatform.qdq(new Model(r.graph().copy(), r.configs(), "m"));
        try (OrtModel m = OrtModel.of(exported, OrtOptimizationLevel.NONE, "m")) {
            m.forEach(samples, 1, d -> {}, (i, o) -> {
                expected.add(o.floats("y"));
                shapes.add(o.shape("nz"));
            });
        }
        try (SegmentedSimulation m =
                SegmentedSimulation.of(r.graph(), Optional.of(r.configs()), Set.of(), OrtOptimizationLevel.NONE)) {
            m.forEach(samples, 1, d -> {}, (i, o) -> {
                assertThat(o.floats("y")).isEqualTo(expected.get(i));
                assertThat(o.shape("nz")).isEqualTo(shapes.get(i));
            });
        }
    }

    /**
     * Values that were alike in the first samples lie in buffers that do not fit later ones; what reads them must not
     * read the old ones.
     */
    @Test
    void sizesThatTheDataDecideMayChangeAtAnySample() {
        GraphEditor e = new Graph().edit().opset("", 13);
        e.input(ValueInfo.of("x", ElementType.FLOAT, 1, 3, 4, 4));
        e.initializer("w", Tensor.ofFloats(new long[] {2, 3, 1, 1}, .5f, -.5f, .25f, 1, .1f, -.2f));
        e.initializer("zero", Tensor.ofFloats(new long[0], 0));
        e.initializer("flat", Tensor.ofLongs(new long[] {1}, -1));
        e.initializer("image", Tensor.ofLongs(new long[] {4}, 1, 1, 1, -1));
        e.initializer("v", Tensor.ofFloats(new long[] {2, 1, 1, 1}, .5f, -2));
        e.add(Node.of("conv", "Conv", List.of("x", "w"), List.of("c"), Map.of()));
        e.add(Node.of("reshape", "Reshape", List.of("c", "flat"), List.of("f"), Map.of()));
        e.add(Node.of("greater", "Greater", List.of("f", "zero"), List.of("positive"), Map.of()));
        e.add(Node.of("compress", "Compress", List.of("f", "positive"), List.of("kept"), Map.of()));
        e.add(Node.of("image", "Reshape", List.of("kept", "image"), List.of("i"), Map.of()));
        e.add(Node.of("conv2", "Conv", List.of("i", "v"), List.of("d"), Map.of()));
        e.add(Node.of("relu", "Relu", List.of("d"), List.of("y"), Map.of()));
        List<ValueInfo.Dimension> open = List.of(
                ValueInfo.Dimension.of(1),
                ValueInfo.Dimension.of(2),
                ValueInfo.Dimension.of(1),
                new ValueInfo.Dimension(-1, "n"));
        e.output(new ValueInfo("y", ElementType.FLOAT, Optional.of(open), dev.detent.spi.graph.UnmodeledProto.NONE));
        Random random = new Random(5);
        List<Sample> all = new ArrayList<>();
        for (int different = 0; different < 4; different++) {
            Sample.Input same = TestPlatform.input(random, 1, 3, 4, 4);
            for (int again = 0; again < 3; again++) {
                all.add(new Sample(Map.of("x", same)));
            }
        }
        Samples samples = TestPlatform.samples(all);
        for (String target : List.of("onnxruntime", "tensorrt")) {
            Pipeline.Result r = TestPlatform.quantize(e.graph().copy(), target, samples, 1);
            Graph exported = TestPlatform.qdq(new Model(r.graph().copy(), r.configs(), "m"));
            try (OrtModel literal = OrtModel.of(exported, OrtOptimizationLevel.NONE, "m");
                    SegmentedSimulation cut = SegmentedSimulation.of(
                            r.graph(), Optional.of(r.configs()), Set.of(), OrtOptimizationLevel.NONE)) {
                List<float[]> expected = new ArrayList<>();
                literal.forEach(samples, 1, d -> {}, (i, o) -> expected.add(o.floats("y")));
                assertThat(expected.stream().map(y -> y.length).distinct().count())
                        .isGreaterThan(1);
                cut.forEach(
                        samples,
                        1,
                        d -> {},
                        (i, o) -> assertThat(o.floats("y"))
                                .as("%s sample %d", target, i)
                                .isEqualTo(expected.get(i)));
            }
        }
    }

    /** A convolution, a branch on what it computes with a convolution inside, and a convolution behind it. */
    private static Graph branching(float threshold) throws IOException {
        GraphProto then = subgraph("t", node("Conv", "t", "r", "w2"));
        GraphProto otherwise = subgraph("e", node("Neg", "e", "r"));
        GraphProto.Builder g = GraphProto.newBuilder()
                .addOutput(output("y"))
                .addNode(node("Conv", "c", "x", "w1"))
                .addNode(node("Relu", "r", "c"))
                .addNode(mean("m", "r"))
                .addNode(node("Greater", "b", "m", "threshold"))
                .addNode(branch("i", "b", then, otherwise))
                .addNode(node("Conv", "d", "i", "w3"))
                .addNode(node("Relu", "y", "d"));
        Random random = new Random(11);
        return OnnxReader.read(model(
                "branching.onnx",
                13,
                g,
                threshold,
                weights("w1", random, 32, 3, 1, 1),
                weights("w2", random, 32, 32, 1, 1),
                weights("w3", random, 32, 32, 1, 1)));
    }

    private static NodeProto node(String opType, String output, String... inputs) {
        return NodeProto.newBuilder()
                .setOpType(opType)
                .setName(opType + "_" + output)
                .addAllInput(List.of(inputs))
                .addOutput(output)
                .build();
    }

    private static GraphProto subgraph(String output, NodeProto... nodes) {
        return GraphProto.newBuilder()
                .setName(output)
                .addOutput(output(output))
                .addAllNode(List.of(nodes))
                .build();
    }

    private static ValueInfoProto output(String name) {
        return ValueInfoProto.newBuilder().setName(name).setType(floats()).build();
    }

    private static NodeProto branch(String output, String condition, GraphProto then, GraphProto otherwise) {
        return node("If", output, condition).toBuilder()
                .addAttribute(AttributeProto.newBuilder()
                        .setName("then_branch")
                        .setType(AttributeProto.AttributeType.GRAPH)
                        .setG(then))
                .addAttribute(AttributeProto.newBuilder()
                        .setName("else_branch")
                        .setType(AttributeProto.AttributeType.GRAPH)
                        .setG(otherwise))
                .build();
    }

    /** Over all of the value, a scalar. */
    private static NodeProto mean(String output, String of) {
        return node("ReduceMean", output, of).toBuilder()
                .addAttribute(AttributeProto.newBuilder()
                        .setName("keepdims")
                        .setType(AttributeProto.AttributeType.INT)
                        .setI(0))
                .build();
    }

    /** A network over an image {@code x}, with weights and a threshold, in a file. */
    private static Path model(String name, int opset, GraphProto.Builder g, float threshold, TensorProto... weights)
            throws IOException {
        g.setName("g")
                .addInput(ValueInfoProto.newBuilder().setName("x").setType(floats(1, 3, 8, 8)))
                .addAllInitializer(List.of(weights))
                .addInitializer(TensorProto.newBuilder()
                        .setName("threshold")
                        .setDataType(1)
                        .addFloatData(threshold));
        ModelProto m = ModelProto.newBuilder()
                .setIrVersion(8)
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(opset))
                .setGraph(g)
                .build();
        return Files.write(work.resolve(name), m.toByteArray());
    }

    private static TypeProto floats(long... dims) {
        TypeProto.Builder type = TypeProto.newBuilder();
        type.getTensorTypeBuilder().setElemType(1);
        for (long d : dims) {
            type.getTensorTypeBuilder().getShapeBuilder().addDimBuilder().setDimValue(d);
        }
        return type.build();
    }

    private static TensorProto weights(String name, Random random, long... dims) {
        TensorProto.Builder t = TensorProto.newBuilder().setName(name).setDataType(1);
        for (long d : dims) {
            t.addDims(d);
        }
        for (long i = 0; i < Tensor.count(dims); i++) {
            t.addFloatData((float) random.nextGaussian() / 4);
        }
        return t.build();
    }

    /**
     * What happens inside a branch is the model's business; what is around it is quantized, and both branches are
     * taken.
     */
    @ParameterizedTest
    @ValueSource(strings = {"onnxruntime", "tensorrt", "dsp"})
    void aBranchIsKeptAndItsSurroundingsAreQuantized(String target) throws IOException {
        Samples samples = TestPlatform.noise(branching(0), 16);
        List<Float> means = new ArrayList<>(means(branching(0), samples));
        means.sort(null);
        Graph source = branching((means.get(7) + means.get(8)) / 2);
        Pipeline.Result r = TestPlatform.quantize(source, target, samples, 2);
        assertThat(r.graph().nodes().stream().filter(r.configs()::isQuantized).map(Node::name))
                .contains("Conv_d");
        Graph exported = TestPlatform.qdq(new Model(r.graph().copy(), r.configs(), "branching"));
        try (OrtModel literal = OrtModel.of(exported, OrtOptimizationLevel.NONE, "branching");
                Simulation whole = Simulation.of(r.graph(), r.configs());
                SegmentedSimulation cut = SegmentedSimulation.of(
                        r.graph(), Optional.of(r.configs()), Set.of(), OrtOptimizationLevel.NONE)) {
            for (int i = 0; i < samples.size(); i++) {
                Samples one = TestPlatform.samples(List.of(samples.get(i)));
                List<float[]> expected = new ArrayList<>();
                literal.forEach(one, 1, d -> {}, (k, o) -> expected.add(o.floats("y")));
                assertThat(run(cut, one, "y")).isEqualTo(expected.get(0));
                assertThat(run(whole, one, "y")).hasSameSizeAs(expected.get(0));
            }
        }
    }

    /** What the branch is decided by, of every sample. */
    private static List<Float> means(Graph graph, Samples samples) {
        GraphNormalizer.normalize(graph, "branching");
        List<Float> means = new ArrayList<>();
        try (SegmentedSimulation m =
                SegmentedSimulation.of(graph, Optional.empty(), Set.of("m"), OrtOptimizationLevel.NONE)) {
            for (int i = 0; i < samples.size(); i++) {
                Samples one = TestPlatform.samples(List.of(samples.get(i)));
                means.add(TensorRecorder.of(m, List.of("m"), one).get("m")[0]);
            }
        }
        return means;
    }

    /** ONNX Runtime 1.28 ends the whole process where it carries a pair into a branch. */
    @Test
    void aBranchMayReadWhatWasMoved() throws IOException {
        GraphProto then = subgraph("t", node("Relu", "t", "p"));
        GraphProto otherwise = subgraph("e", node("Neg", "e", "p"));
        GraphProto.Builder g = GraphProto.newBuilder()
                .addOutput(output("y"))
                .addOutput(output("i"))
                .addNode(node("Conv", "c", "x", "w1"))
                .addNode(node("Transpose", "q", "c"))
                .addNode(node("Transpose", "p", "q"))
                .addNode(mean("m", "p"))
                .addNode(node("Greater", "b", "m", "threshold"))
                .addNode(branch("i", "b", then, otherwise))
                .addNode(node("Conv", "y", "c", "w2"));
        Random random = new Random(11);
        Graph source = OnnxReader.read(
                model("moved.onnx", 13, g, 0, weights("w1", random, 8, 3, 1, 1), weights("w2", random, 8, 8, 1, 1)));
        Samples samples = TestPlatform.noise(source, 2);
        Pipeline.Result r = TestPlatform.quantize(source, "onnxruntime", samples, 1);
        Graph exported = TestPlatform.qdq(new Model(r.graph().copy(), r.configs(), "moved"));
        assertThat(exported.producer("p").orElseThrow().opType()).isEqualTo("DequantizeLinear");
        try (OrtModel fused = OrtModel.of(exported, OrtOptimizationLevel.ALL, "moved");
                Simulation whole = Simulation.of(r.graph(), r.configs())) {
            List<float[]> expected = new ArrayList<>();
            fused.forEach(samples, 1, d -> {}, (k, o) -> expected.add(o.floats("i")));
            List<float[]> simulated = new ArrayList<>();
            whole.forEach(samples, 1, d -> {}, (k, o) -> simulated.add(o.floats("i")));
            assertThat(expected).usingRecursiveComparison().isEqualTo(simulated);
        }
    }

    /** Exporters leave branches, and in them operators that have changed since; a subgraph keeps the names it reads. */
    @Test
    void branchesAreRaisedWithTheGraphAroundThem() throws IOException {
        AttributeProto.Builder axes = AttributeProto.newBuilder()
                .setName("axes")
                .setType(AttributeProto.AttributeType.INTS)
                .addInts(0);
        GraphProto then = subgraph(
                "t",
                node("Unsqueeze", "u", "d").toBuilder()
                        .clearName()
                        .addAttribute(axes)
                        .build(),
                node("Squeeze", "t", "u").toBuilder()
                        .clearName()
                        .addAttribute(axes)
                        .build());
        GraphProto otherwise = subgraph("e", node("Neg", "e", "d"));
        GraphProto.Builder g = GraphProto.newBuilder()
                .addOutput(output("y"))
                .addNode(node("Conv", "c", "x", "w1"))
                .addNode(node("Relu", "r", "c"))
                .addNode(node("Dropout", "d", "r"))
                .addNode(mean("m", "r"))
                .addNode(node("Greater", "b", "m", "threshold"))
                .addNode(branch("i", "b", then, otherwise))
                .addNode(node("Conv", "y", "i", "w2"));
        Random random = new Random(11);
        Path file = model("old.onnx", 11, g, 0, weights("w1", random, 8, 3, 1, 1), weights("w2", random, 8, 8, 1, 1));
        Graph raised = OnnxReader.read(file);
        GraphNormalizer.normalize(raised, file.toString());
        assertThat(raised.opset()).isEqualTo(13);
        Samples samples = TestPlatform.noise(raised, 2);
        List<float[]> before = new ArrayList<>();
        List<float[]> after = new ArrayList<>();
        try (OrtModel a = OrtModel.of(file, OrtOptimizationLevel.NONE);
                OrtModel b = OrtModel.of(raised, OrtOptimizationLevel.NONE, file.toString())) {
            a.forEach(samples, 1, d -> {}, (k, o) -> before.add(o.floats("y")));
            b.forEach(samples, 1, d -> {}, (k, o) -> after.add(o.floats("y")));
        }
        assertThat(after).usingRecursiveComparison().isEqualTo(before);
        Pipeline.Result r = TestPlatform.quantize(OnnxReader.read(file), "onnxruntime", samples, 1);
        assertThat(r.graph().nodes().stream().filter(r.configs()::isQuantized))
                .extracting(Node::name)
                .contains("Conv_c", "Conv_y");
    }

    @Test
    void whoAsksForNothingGetsNothing() {
        Graph source = graph("resnet");
        Samples samples = TestPlatform.noise(source, 1);
        Pipeline.Result r = TestPlatform.quantize(source, "onnxruntime", samples, 1);
        try (Simulation s = Simulation.of(r.graph(), r.configs())) {
            assertThat(s.observe(List.<Simulator.Observation<TensorRecorder>>of(), samples, 1, d -> {}))
                    .isEmpty();
        }
    }

    @Test
    void whatCannotBeQuantizedStaysFloatAndRuns() {
        GraphEditor e = new Graph().edit().opset("", 13).input(ValueInfo.of("x", ElementType.FLOAT, 1, 4));
        e.initializer(
                "w", Tensor.ofFloats(new long[] {4, 4}, new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7}));
        e.add(Node.of("matmul", "MatMul", List.of("x", "w"), List.of("m"), Map.of()));
        e.add(Node.of("lp", "LpNormalization", List.of("m"), List.of("n"), Map.of("axis", new Attribute.IntValue(1))));
        e.add(Node.of("matmul2", "MatMul", List.of("n", "w"), List.of("y"), Map.of()));
        e.output(ValueInfo.of("y", ElementType.FLOAT, 1, 4));
        Pipeline.Result r = TestPlatform.quantize(e.graph(), "onnxruntime", TestPlatform.noise(e.graph(), 4), 1);
        assertThat(r.configs().isQuantized(r.graph().node("lp").orElseThrow())).isFalse();
        assertThat(r.configs().isQuantized(r.graph().node("matmul2").orElseThrow()))
                .isTrue();
    }

    /** An attention mask: quantized, everything but the mask would be zero (docs/differences.md, D-29). */
    @Test
    void aTensorWithoutAnEndToItsRangeStaysFloat() {
        GraphEditor e = new Graph().edit().opset("", 13).input(ValueInfo.of("x", ElementType.FLOAT, 1, 4));
        e.initializer(
                "w", Tensor.ofFloats(new long[] {4, 4}, new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7}));
        e.initializer("mask", Tensor.ofFloats(new long[] {1, 4}, 0, Float.NEGATIVE_INFINITY, 0, -Float.MAX_VALUE));
        e.add(Node.of("matmul", "MatMul", List.of("x", "w"), List.of("m"), Map.of()));
        e.add(Node.of("add", "Add", List.of("m", "mask"), List.of("a"), Map.of()));
        e.add(Node.of("softmax", "Softmax", List.of("a"), List.of("s"), Map.of()));
        e.add(Node.of("matmul2", "MatMul", List.of("s", "w"), List.of("y"), Map.of()));
        e.output(ValueInfo.of("y", ElementType.FLOAT, 1, 4));
        Pipeline.Result r = TestPlatform.quantize(e.graph(), "dsp", TestPlatform.noise(e.graph(), 4), 1);
        assertThat(r.configs()
                        .output(r.graph().node("add").orElseThrow(), 0)
                        .orElseThrow()
                        .state()
                        .isFloat())
                .isTrue();
        assertThat(r.configs()
                        .input(r.graph().node("add").orElseThrow(), 1)
                        .orElseThrow()
                        .state()
                        .isFloat())
                .isTrue();
        assertThat(r.configs()
                        .output(r.graph().node("matmul").orElseThrow(), 0)
                        .orElseThrow()
                        .qparams())
                .isPresent();
    }

    private static float[] run(Simulation m, Samples samples, String output) {
        float[][] last = new float[1][];
        m.forEach(samples, 1, d -> {}, (i, o) -> last[0] = o.floats(output));
        return last[0];
    }
}
