package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.detent.host.analyze.Analysis;
import dev.detent.host.analyze.AnalysisEffort;
import dev.detent.host.analyze.Cures;
import dev.detent.host.analyze.ErrorAnalysis;
import dev.detent.host.analyze.OutputErrors;
import dev.detent.host.analyze.Unit;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.progress.Progress;
import dev.detent.host.rules.RuleText;
import dev.detent.host.settings.Settings;
import dev.detent.report.Report;
import dev.detent.runtime.OrtModel;
import dev.detent.runtime.OrtOptimizationLevel;
import dev.detent.runtime.Sample;
import dev.detent.runtime.Samples;
import dev.detent.runtime.SegmentedSimulation;
import dev.detent.runtime.Variant;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.quant.Slot;
import dev.detent.testkit.SampleGraphs;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What the analysis switches, against networks that are built that way from the start. */
class ErrorAnalysisTest {

    private static final int SAMPLES = 2;

    @TempDir
    Path work;

    static Stream<Arguments> cases() {
        List<Arguments> all = new ArrayList<>();
        for (String target : List.of("onnxruntime", "qnn", "fpga", "fp8-e4m3")) {
            IntStream.range(0, 6).forEach(seed -> all.add(Arguments.of("random " + seed, target)));
        }
        SampleGraphs.all().keySet().forEach(g -> all.add(Arguments.of(g, "onnxruntime")));
        return all.stream();
    }

    private static Graph graph(String name) {
        return name.startsWith("random ")
                ? RandomGraphs.of(Long.parseLong(name.substring("random ".length())))
                : SampleGraphs.all().get(name);
    }

    /** Each unit in float, bit for bit as a simulation that quantizes all but it. */
    @ParameterizedTest
    @MethodSource("cases")
    void aUnitInFloatIsTheNetworkWithoutIt(String name, String target) {
        Graph source = graph(name);
        Samples samples = TestPlatform.noise(source, SAMPLES);
        Pipeline.Result r = TestPlatform.quantize(source, target, samples, 1);
        try (ErrorAnalysis analysis = ErrorAnalysis.of(r)) {
            List<Unit> units = analysis.units().stream()
                    .filter(u -> u.kind() != Unit.Kind.LAYER)
                    .toList();
            assertThat(units).isNotEmpty();
            Map<String, float[]> seen = new LinkedHashMap<>();
            analysis.network()
                    .run(
                            units.stream().map(Unit::without).toList(),
                            samples,
                            1,
                            d -> {},
                            (i, bases) -> {},
                            (i, v, bases, out) ->
                                    analysis.outputs().forEach(o -> seen.put(v + " " + i + " " + o, out.floats(o))));
            for (int v = 0; v < units.size(); v++) {
                int index = v;
                without(
                        r,
                        units.get(v),
                        analysis,
                        samples,
                        (i, out) -> analysis.outputs()
                                .forEach(o -> assertThat(seen.get(index + " " + i + " " + o))
                                        .as(units.get(index).name() + " " + o)
                                        .isEqualTo(out.floats(o))));
            }
        }
    }

    private static void without(
            Pipeline.Result r,
            Unit unit,
            ErrorAnalysis analysis,
            Samples samples,
            SegmentedSimulation.OutputSink sink) {
        Variant v = unit.without();
        Graph graph = r.graph().copy();
        Set<Slot> off = new LinkedHashSet<>(v.encodings().keySet());
        v.constants().forEach((slot, tensor) -> {
            graph.edit().initializer(graph.node(slot.node()).orElseThrow().input(slot.index()), tensor);
            off.add(slot);
        });
        try (SegmentedSimulation m = SegmentedSimulation.of(
                graph,
                Optional.of(new SwitchedOff(r.configs(), v.constants().keySet())),
                analysis.network().cuts(),
                OrtOptimizationLevel.ALL)) {
            off.forEach(s -> m.toggle(s, false));
            m.forEach(samples, 1, d -> {}, sink);
        }
    }

    /**
     * With nothing quantized the network computes what the model does, and with everything what the simulation does.
     */
    @ParameterizedTest
    @MethodSource("cases")
    void theBasesAreTheModelAndItsSimulation(String name, String target) {
        Graph source = graph(name);
        Samples samples = TestPlatform.noise(source, SAMPLES);
        Pipeline.Result r = TestPlatform.quantize(source, target, samples, 1);
        Map<String, float[]> exact = new LinkedHashMap<>();
        Map<String, float[]> quantized = new LinkedHashMap<>();
        try (ErrorAnalysis analysis = ErrorAnalysis.of(r);
                OrtModel model = OrtModel.of(r.floatGraph(), OrtOptimizationLevel.ALL, name);
                SegmentedSimulation m = SegmentedSimulation.of(
                        r.graph(), Optional.of(r.configs()), analysis.network().cuts(), OrtOptimizationLevel.ALL)) {
            analysis.network()
                    .run(
                            List.of(),
                            samples,
                            2,
                            d -> {},
                            (i, bases) -> analysis.outputs().forEach(o -> {
                                synchronized (exact) {
                                    exact.put(i + o, bases.exact().floats(o));
                                    quantized.put(i + o, bases.quantized().floats(o));
                                }
                            }),
                            (i, v, bases, out) -> {});
            model.forEach(
                    samples,
                    1,
                    d -> {},
                    (i, out) -> analysis.outputs().forEach(o -> {
                        float[] expected = out.floats(o);
                        float[] mine = exact.get(i + o);
                        double signal = IntStream.range(0, mine.length)
                                .mapToDouble(k -> expected[k] * (double) expected[k])
                                .sum();
                        double noise = IntStream.range(0, mine.length)
                                .mapToDouble(k -> Math.pow(expected[k] - (double) mine[k], 2))
                                .sum();
                        assertThat(noise).as(o).isLessThanOrEqualTo(1e-7 * signal);
                    }));
            m.forEach(
                    samples,
                    1,
                    d -> {},
                    (i, out) -> analysis.outputs()
                            .forEach(o -> assertThat(quantized.get(i + o)).as(o).isEqualTo(out.floats(o))));
        }
    }

    /** Any number of workers gives the same figures, and configs are as they were. */
    @Test
    void workersDoNotShow() {
        Graph source = graph("random 3");
        Samples samples = TestPlatform.noise(source, 5);
        Pipeline.Result r = TestPlatform.quantize(source, "onnxruntime", samples, 1);
        List<String> states = r.configs().configs().stream()
                .map(c -> c.slot() + " " + c.state())
                .toList();
        int entries = r.journal().entries().size();
        try (ErrorAnalysis analysis = ErrorAnalysis.of(r)) {
            Analysis one = analysis.run(samples, AnalysisEffort.of(5), 1, Progress.QUIET);
            Analysis two = analysis.run(samples, AnalysisEffort.of(5), 2, Progress.QUIET);
            assertThat(two.whole()).isEqualTo(one.whole());
            assertThat(two.layers()).isEqualTo(one.layers());
            assertThat(two.activations()).isEqualTo(one.activations());
            assertThat(two.weights()).isEqualTo(one.weights());
            assertThat(one.layers()).isNotEmpty();
            assertThat(one.tensors()).isNotEmpty();
            for (int i = 0; i < one.tensors().size(); i++) {
                assertThat(two.tensors().get(i).seen())
                        .isEqualTo(one.tensors().get(i).seen());
                assertThat(Arrays.stream(one.tensors().get(i).histogram().counts())
                                .sum())
                        .isPositive();
            }
        }
        assertThat(r.configs().configs().stream().map(c -> c.slot() + " " + c.state()))
                .isEqualTo(states);
        assertThat(r.journal().entries()).hasSize(entries);
    }

    /** The logarithm of what is rounded to zero has no end, and its error none either. */
    @Test
    void outputsThatAreNotFinite() throws IOException {
        GraphEditor e = CaseRun.graph(17).input(ValueInfo.of("x", ElementType.FLOAT, 1, 2, 4, 4));
        e.initializer("w", Tensor.ofFloats(new long[] {2, 2, 1, 1}, new float[] {1, 0, 0, 1}));
        e.add(Node.of("conv", "Conv", List.of("x", "w"), List.of("c"), Map.of()));
        e.add(Node.of("positive", "Abs", List.of("c"), List.of("a"), Map.of()));
        e.add(Node.of("log", "Log", List.of("a"), List.of("y"), Map.of()));
        CaseRun run = CaseRun.of(work, CaseRun.output(e, "y").graph(), "onnxruntime", 1);
        Analysis found = run.outcome().measured().analysis().orElseThrow();
        assertThat(found.whole().quantized().snr()).isEqualTo(Double.NEGATIVE_INFINITY);
        assertThat(found.layers()).isNotEmpty();
        assertThat(found.layers().stream().map(u -> Analysis.share(u, found.layers())))
                .allMatch(Double::isFinite);
        assertThat(run.outcome().verdict().grade()).isEqualTo(Report.Grade.POOR);
        assertThat(Files.readString(run.out().resolve("report.html"))).doesNotContain(":NaN", ":Infinity");
    }

    /** Classes as integers say nothing of how near the scores behind them are. */
    @Test
    void withoutAnOutputOfFloatsNothingIsCalledGood() throws IOException {
        GraphEditor e = CaseRun.graph(17).input(ValueInfo.of("x", ElementType.FLOAT, 1, 8));
        e.initializer("w", CaseRun.weight(1, 8, 16));
        e.add(Node.of("product", "MatMul", List.of("x", "w"), List.of("p"), Map.of()));
        e.add(Node.of("class", "ArgMax", List.of("p"), List.of("y"), Map.of("axis", new Attribute.IntValue(1))));
        Graph graph = e.output(ValueInfo.of("y", ElementType.INT64, 1, 1)).graph();
        CaseRun run = CaseRun.of(work, graph, "onnxruntime", 1);
        assertThat(run.problems()).contains("DT-QNT-006");
        assertThat(run.outcome().measured().analysis()).isEmpty();
    }

    /** Two layers of which one is rounded coarsely: that one is worth most in float, and about what it is worth. */
    @Test
    void whatIsExpectedOfFloatIsWhatItBrings() {
        Graph source = graph("conv-relu");
        Samples samples = TestPlatform.noise(source, 32);
        Settings coarse = Settings.NONE.with(List.of(RuleText.bits("4=node:conv1 slot:weight")));
        Pipeline.Result r = TestPlatform.quantize(source, "onnxruntime", samples, 1, coarse, "float-fallback=off");
        try (ErrorAnalysis analysis = ErrorAnalysis.of(r)) {
            AnalysisEffort effort = new AnalysisEffort(32, 0, 4, Set.of(Unit.Kind.LAYER));
            List<Analysis.UnitError> layers =
                    analysis.run(samples, effort, 2, Progress.QUIET).layers();
            OutputErrors.Scores direct = analysis.measure(
                    layers.stream().map(u -> u.unit().without()).toList(), samples, 2);
            int most = IntStream.range(0, layers.size())
                    .boxed()
                    .max(Comparator.comparingDouble(i -> layers.get(i).gain()))
                    .orElseThrow();
            assertThat(layers.get(most).unit().node()).isEqualTo("conv1");
            double brought = direct.quantized().gain(direct.variants().get(most));
            assertThat(brought).isPositive();
            assertThat(layers.get(most).gain()).isBetween(brought / 2, brought * 2);
        }
    }

    /**
     * The cure is tried as the option does it: the network's input has 16 bits too, and ranges hold all that was seen,
     * since among so many steps nothing needs to be clipped.
     */
    @Test
    void sixteenBitsArePromisedWhatTheyBring() {
        Graph source = graph("conv-relu");
        Samples samples = TestPlatform.noise(source, 8);
        for (int i = 0; i < samples.size(); i++) {
            for (Sample.Input in : samples.get(i).inputs().values()) {
                FloatBuffer values = in.data().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
                for (int e = 0; e < values.capacity(); e++) {
                    values.put(e, (float) Math.pow(values.get(e), 3));
                }
            }
        }
        String mse = "calibration.method=mse";
        double promised;
        double before;
        Pipeline.Result plain = TestPlatform.quantize(source, "onnxruntime", samples, 1, mse, "float-fallback=off");
        try (ErrorAnalysis analysis = ErrorAnalysis.of(plain)) {
            Analysis found = analysis.run(samples, AnalysisEffort.of(8), 1, Progress.QUIET);
            promised =
                    Cures.of(analysis, found, TestPlatform.REGISTRY.target("onnxruntime"), plain.graph(), samples, 1)
                            .stream()
                            .filter(c -> c.text().startsWith("16 bits"))
                            .findFirst()
                            .orElseThrow()
                            .gain();
            before = analysis.measure(List.of(), samples, 1).quantized().ratio();
        }
        Pipeline.Result wide = TestPlatform.quantize(
                source,
                "onnxruntime",
                samples,
                1,
                Settings.NONE.with(List.of(RuleText.bits("16=node:**"))),
                mse,
                "float-fallback=off");
        try (ErrorAnalysis analysis = ErrorAnalysis.of(wide)) {
            double after = analysis.measure(List.of(), samples, 1).quantized().ratio();
            assertThat(promised).isCloseTo(10 * Math.log10(before / after), within(1.0));
        }
    }
}
