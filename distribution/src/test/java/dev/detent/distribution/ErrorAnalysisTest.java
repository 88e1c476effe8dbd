package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.host.analyze.Analysis;
import dev.detent.host.analyze.AnalysisEffort;
import dev.detent.host.analyze.ErrorAnalysis;
import dev.detent.host.analyze.Unit;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.progress.Progress;
import dev.detent.runtime.OrtModel;
import dev.detent.runtime.OrtOptimizationLevel;
import dev.detent.runtime.Samples;
import dev.detent.runtime.SegmentedSimulation;
import dev.detent.runtime.Variant;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.quant.Slot;
import dev.detent.testkit.SampleGraphs;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What the analysis switches, against networks that are built that way from the start. */
class ErrorAnalysisTest {

    private static final int SAMPLES = 2;

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
}
