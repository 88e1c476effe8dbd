package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.host.pipeline.FrozenQuantizedModel;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.runtime.Sample;
import dev.detent.runtime.Samples;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.qdq.QdqGraphBuilder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** On ONNX Runtime a tensor is quantized where an integer kernel gains by it and the outputs bear it. */
class PlacementTest {

    private static GraphEditor graph(long... shape) {
        return new Graph().edit().opset("", 13).input(ValueInfo.of("x", ElementType.FLOAT, shape));
    }

    private static Tensor random(int seed, double factor, long... dims) {
        Random random = new Random(seed);
        float[] values = new float[(int) Tensor.count(dims)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() * factor);
        }
        return Tensor.ofFloats(dims, values);
    }

    private static Graph output(GraphEditor e, String name) {
        return e.output(new ValueInfo(name, ElementType.FLOAT, Optional.empty(), UnmodeledProto.NONE))
                .graph();
    }

    private static Pipeline.Result quantize(Graph graph, String... set) {
        return TestPlatform.quantize(graph, "onnxruntime", TestPlatform.noise(graph, 8), 1, set);
    }

    private static TensorQuantization in(Pipeline.Result r, String node, int index) {
        return r.configs().input(r.graph().node(node).orElseThrow(), index).orElseThrow();
    }

    private static TensorQuantization out(Pipeline.Result r, String node) {
        return r.configs().output(r.graph().node(node).orElseThrow(), 0).orElseThrow();
    }

    private static boolean isFloat(TensorQuantization c) {
        return c.root().state().isFloat();
    }

    /** A score in float of logits in 8 bits cannot be small: wake words had 0.5 dB. */
    @Test
    void logitsInFrontOfAFloatSigmoidAreFloat() {
        GraphEditor e = graph(1, 16);
        e.initializer("w", random(1, 1, 16, 4));
        e.add(Node.of("fc", "Gemm", List.of("x", "w"), List.of("logits"), Map.of()));
        e.add(Node.of("scores", "Sigmoid", List.of("logits"), List.of("y"), Map.of()));
        Pipeline.Result r = quantize(output(e, "y"));
        assertThat(isFloat(in(r, "fc", 0))).isFalse();
        assertThat(isFloat(out(r, "fc"))).isTrue();
        assertThat(isFloat(in(r, "scores", 0))).isTrue();
    }

    /** ONNX Runtime makes one layer norm of these again where no quantization stands between. */
    @Test
    void whatIsDoneToFloatsInFrontOfAnIntegerKernelStaysFloat() {
        GraphEditor e = graph(1, 16);
        e.initializer("gain", random(2, 1, 16));
        e.initializer("shift", random(3, 1, 16));
        e.initializer("w", random(1, 1, 16, 4));
        e.add(Node.of("root", "Sqrt", List.of("x"), List.of("r"), Map.of()));
        e.add(Node.of("scale", "Mul", List.of("r", "gain"), List.of("s"), Map.of()));
        e.add(Node.of("add", "Add", List.of("s", "shift"), List.of("n"), Map.of()));
        e.add(Node.of("fc", "Gemm", List.of("n", "w"), List.of("y"), Map.of()));
        Graph g = output(e, "y");
        Pipeline.Result r = TestPlatform.quantize(g, "onnxruntime", positive(g), 1);
        assertThat(isFloat(in(r, "scale", 0))).isTrue();
        assertThat(isFloat(out(r, "scale"))).isTrue();
        assertThat(isFloat(in(r, "fc", 0))).isFalse();
    }

    /** It has no integer kernel there: 8 bits would save the size of its weights only. */
    @Test
    void aTransposedConvolutionKeepsItsWeightsInCodesWhereThatIsCheap() {
        GraphEditor e = graph(1, 4, 8, 8);
        e.initializer("w", random(1, 1, 4, 4, 3, 3));
        e.add(Node.of("up", "ConvTranspose", List.of("x", "w"), List.of("y"), Map.of()));
        Graph g = output(e, "y");
        Pipeline.Result r = quantize(g);
        assertThat(isFloat(in(r, "up", 0))).isTrue();
        assertThat(isFloat(in(r, "up", 1))).as("each weight serves 100 times").isFalse();
        assertThat(isFloat(in(quantize(g, "islands.prefer=accuracy"), "up", 1))).isTrue();
    }

    @Test
    void aConvolutionBetweenIntegersIsOne() {
        GraphEditor e = graph(1, 4, 8, 8);
        e.initializer("w1", random(1, 1, 4, 4, 3, 3));
        e.initializer("w2", random(2, 1, 4, 4, 3, 3));
        e.add(Node.of("c1", "Conv", List.of("x", "w1"), List.of("a"), Map.of()));
        e.add(Node.of("relu", "Relu", List.of("a"), List.of("b"), Map.of()));
        e.add(Node.of("c2", "Conv", List.of("b", "w2"), List.of("c"), Map.of()));
        e.add(Node.of("pool", "GlobalAveragePool", List.of("c"), List.of("d"), Map.of()));
        Pipeline.Result r = quantize(output(e, "d"));
        assertThat(List.of(in(r, "c1", 0), in(r, "c1", 1), out(r, "c1"), in(r, "c2", 0), in(r, "c2", 1), out(r, "c2")))
                .noneMatch(PlacementTest::isFloat);
    }

    /** Its integer kernel takes longer than float, and everything behind it gets exact numbers. */
    @Test
    void aThinFirstConvolutionIsFloatUnlessAMaxPoolFollows() {
        for (String pool : List.of("MaxPool", "AveragePool")) {
            GraphEditor e = graph(1, 1, 16, 16);
            e.initializer("w1", random(1, 1, 8, 1, 3, 3));
            e.initializer("w2", random(2, 1, 8, 8, 3, 3));
            e.add(Node.of("c1", "Conv", List.of("x", "w1"), List.of("a"), Map.of()));
            e.add(Node.of("relu", "Relu", List.of("a"), List.of("b"), Map.of()));
            e.add(Node.of(
                    "pool",
                    pool,
                    List.of("b"),
                    List.of("p"),
                    Map.of("kernel_shape", new Attribute.Ints(List.of(2L, 2L)))));
            e.add(Node.of("c2", "Conv", List.of("p", "w2"), List.of("c"), Map.of()));
            e.add(Node.of("mean", "GlobalAveragePool", List.of("c"), List.of("d"), Map.of()));
            Pipeline.Result r = quantize(output(e, "d"));
            assertThat(isFloat(in(r, "c1", 0))).as(pool).isEqualTo(pool.equals("AveragePool"));
            assertThat(isFloat(in(r, "c2", 0))).isFalse();
        }
    }

    /** In 8 bits its steps round four times and take longer. */
    @Test
    void aGeluThatIsWrittenOutIsFloatBetweenConvolutions() {
        GraphEditor e = graph(1, 8, 16);
        e.initializer("w1", random(1, 1, 8, 8, 3));
        e.initializer("w2", random(2, 1, 8, 8, 3));
        e.initializer("root", Tensor.ofFloats(new long[] {}, new float[] {1.4142135f}));
        e.initializer("one", Tensor.ofFloats(new long[] {}, new float[] {1}));
        e.initializer("half", Tensor.ofFloats(new long[] {}, new float[] {0.5f}));
        e.add(Node.of("c1", "Conv", List.of("x", "w1"), List.of("a"), Map.of()));
        e.add(Node.of("div", "Div", List.of("a", "root"), List.of("b"), Map.of()));
        e.add(Node.of("erf", "Erf", List.of("b"), List.of("c"), Map.of()));
        e.add(Node.of("add", "Add", List.of("c", "one"), List.of("d"), Map.of()));
        e.add(Node.of("mul", "Mul", List.of("a", "d"), List.of("e"), Map.of()));
        e.add(Node.of("scale", "Mul", List.of("e", "half"), List.of("f"), Map.of()));
        e.add(Node.of("c2", "Conv", List.of("f", "w2"), List.of("g"), Map.of()));
        e.add(Node.of("mean", "GlobalAveragePool", List.of("g"), List.of("h"), Map.of()));
        Pipeline.Result r = quantize(output(e, "h"));
        assertThat(List.of(out(r, "c1"), in(r, "c2", 0))).noneMatch(PlacementTest::isFloat);
        assertThat(List.of(out(r, "add"), out(r, "mul"))).allMatch(PlacementTest::isFloat);
    }

    /**
     * What little it does saves less than its two conversions cost; the last convolution's rounding reaches the output.
     */
    @Test
    void littleWorkBehindTheNetworkIsFloat() {
        GraphEditor e = graph(1, 32, 64);
        e.initializer("w1", random(1, 1, 32, 32, 3));
        e.initializer("w2", random(2, 1, 32, 32, 3));
        e.initializer("w3", random(3, 1, 1, 32, 1));
        e.add(Node.of("c1", "Conv", List.of("x", "w1"), List.of("a"), Map.of()));
        e.add(Node.of("r1", "Relu", List.of("a"), List.of("b"), Map.of()));
        e.add(Node.of("c2", "Conv", List.of("b", "w2"), List.of("c"), Map.of()));
        e.add(Node.of("r2", "Relu", List.of("c"), List.of("d"), Map.of()));
        e.add(Node.of("c3", "Conv", List.of("d", "w3"), List.of("e"), Map.of()));
        e.add(Node.of("y", "Sigmoid", List.of("e"), List.of("f"), Map.of()));
        Pipeline.Result r = quantize(output(e, "f"));
        assertThat(List.of(in(r, "c1", 0), in(r, "c2", 0))).noneMatch(PlacementTest::isFloat);
        assertThat(List.of(in(r, "c3", 0), out(r, "c3"))).allMatch(PlacementTest::isFloat);
    }

    /** A power spectrum and its logarithm: what is 60 dB below the peak counts as much as the peak. */
    private static Graph spectrum() {
        int bins = 17;
        float[] bank = new float[2 * bins * 64];
        for (int k = 0; k < bins; k++) {
            for (int t = 0; t < 64; t++) {
                double window = 0.5 - 0.5 * Math.cos(2 * Math.PI * t / 64);
                bank[k * 64 + t] = (float) (window * Math.cos(2 * Math.PI * k * t / 64));
                bank[(bins + k) * 64 + t] = (float) (window * Math.sin(2 * Math.PI * k * t / 64));
            }
        }
        GraphEditor e = graph(1, 1, 1024);
        e.initializer("bank", Tensor.ofFloats(new long[] {2L * bins, 1, 64}, bank));
        e.initializer("eps", Tensor.ofFloats(new long[] {1}, new float[] {1e-6f}));
        e.initializer("w", random(5, 0.3, 8, bins, 3));
        e.add(Node.of(
                "stft",
                "Conv",
                List.of("x", "bank"),
                List.of("s"),
                Map.of("strides", new Attribute.Ints(List.of(32L)))));
        e.add(Node.of("square", "Mul", List.of("s", "s"), List.of("q"), Map.of()));
        e.add(Node.of("split", "Split", List.of("q"), List.of("re", "im"), Map.of("axis", new Attribute.IntValue(1))));
        e.add(Node.of("power", "Add", List.of("re", "im"), List.of("p"), Map.of()));
        e.add(Node.of("more", "Add", List.of("p", "eps"), List.of("pe"), Map.of()));
        e.add(Node.of("log", "Log", List.of("pe"), List.of("l"), Map.of()));
        e.add(Node.of("encode", "Conv", List.of("l", "w"), List.of("y"), Map.of()));
        return output(e, "y");
    }

    /** Sounds whose high tones are 60 dB below the low ones. */
    private static Samples sounds(int count) {
        List<Sample> all = new ArrayList<>();
        Random random = new Random(7);
        for (int i = 0; i < count; i++) {
            ByteBuffer data = ByteBuffer.allocateDirect(4096).order(ByteOrder.LITTLE_ENDIAN);
            double phase = random.nextDouble() * 6;
            for (int t = 0; t < 1024; t++) {
                double x = 0;
                for (int k = 1; k < 16; k++) {
                    x += Math.pow(10, -k / 5.0) * Math.sin(2 * Math.PI * k * t / 64 * (1 + i * 0.01) + phase * k);
                }
                data.putFloat((float) x);
            }
            all.add(new Sample(Map.of("x", new Sample.Input(ElementType.FLOAT, new long[] {1, 1, 1024}, data.flip()))));
        }
        return TestPlatform.samples(all);
    }

    private static Samples positive(Graph graph) {
        List<Sample> all = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            ByteBuffer data = ByteBuffer.allocateDirect(64).order(ByteOrder.LITTLE_ENDIAN);
            for (int t = 0; t < 16; t++) {
                data.putFloat((i * 5 + t) % 7 + 1);
            }
            all.add(new Sample(Map.of(
                    graph.inputs().get(0).name(),
                    new Sample.Input(ElementType.FLOAT, new long[] {1, 16}, data.flip()))));
        }
        return TestPlatform.samples(all);
    }

    @Test
    void whatRuinsTheOutputsIsTakenBack() {
        Pipeline.Result with = TestPlatform.quantize(spectrum(), "onnxruntime", sounds(8), 1);
        assertThat(with.problems()).anyMatch(p -> p.id().equals("DT-FLT-001"));
        assertThat(isFloat(out(with, "stft"))).isTrue();
        assertThat(with.journal().entries())
                .anyMatch(e -> e.pass().equals("float-fallback")
                        && e.slot().node().equals("stft")
                        && e.reason().contains("dB"));
        Pipeline.Result without = TestPlatform.quantize(spectrum(), "onnxruntime", sounds(8), 1, "float-fallback=off");
        assertThat(isFloat(out(without, "stft"))).isFalse();
    }

    private static Graph twoConvolutions() {
        GraphEditor e = graph(1, 4, 8, 8);
        e.initializer("w", random(1, 1, 4, 4, 3, 3));
        e.initializer("w2", random(2, 1, 4, 4, 3, 3));
        e.add(Node.of("c", "Conv", List.of("x", "w"), List.of("a"), Map.of()));
        e.add(Node.of("d", "Conv", List.of("a", "w2"), List.of("y"), Map.of()));
        return output(e, "y");
    }

    @Test
    void whereTheOutputsBearItNothingIs() {
        assertThat(quantize(twoConvolutions()).journal().entries())
                .noneMatch(j -> j.pass().equals("float-fallback"));
    }

    @Test
    void outputsThatAreWorthSomethingGiveUpLittleWork() {
        Pipeline.Result bounded =
                TestPlatform.quantize(spectrum(), "onnxruntime", sounds(8), 1, "float-fallback.ruined=-300");
        assertThat(isFloat(out(bounded, "stft")))
                .as("five of six multiply-adds are the front end's")
                .isFalse();
    }

    /**
     * Of the weights all but one round to zero, and with them goes a mean that the correction of the bias brings back.
     */
    @Test
    void whatTheCorrectionOfBiasesCuresIsNoReason() {
        int channels = 256;
        float[] weights = new float[4 * channels];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = i % channels == i / channels ? 1 : 0.0035f;
        }
        GraphEditor e = graph(1, channels, 8, 8);
        e.initializer("w", Tensor.ofFloats(new long[] {4, channels, 1, 1}, weights));
        e.initializer("b", Tensor.ofFloats(new long[] {4}, new float[4]));
        e.initializer("w2", random(2, 1, 4, 4, 1, 1));
        e.add(Node.of("c", "Conv", List.of("x", "w", "b"), List.of("a"), Map.of()));
        e.add(Node.of("d", "Conv", List.of("a", "w2"), List.of("y"), Map.of()));
        Graph graph = output(e, "y");
        Random random = new Random(3);
        List<Sample> all = new ArrayList<>();
        for (int s = 0; s < 8; s++) {
            ByteBuffer data = ByteBuffer.allocateDirect(channels * 256).order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < channels * 64; i++) {
                data.putFloat(random.nextFloat());
            }
            all.add(new Sample(
                    Map.of("x", new Sample.Input(ElementType.FLOAT, new long[] {1, channels, 8, 8}, data.flip()))));
        }
        Samples samples = TestPlatform.samples(all);
        Pipeline.Result corrected = TestPlatform.quantize(graph.copy(), "onnxruntime", samples, 1);
        assertThat(corrected.journal().entries()).noneMatch(j -> j.pass().equals("float-fallback"));
        Pipeline.Result uncorrected =
                TestPlatform.quantize(graph.copy(), "onnxruntime", samples, 1, "float-fallback.corrected-biases=false");
        assertThat(uncorrected.journal().entries()).anyMatch(j -> j.pass().equals("float-fallback"));
    }

    /** ONNX Runtime carries no pair over a Split: without one behind it, what reads the halves computes in float. */
    @Test
    void behindMovementThatStopsAPairThereIsAnother() {
        GraphEditor e = graph(1, 4, 8, 8);
        e.initializer("w", random(1, 1, 4, 4, 1, 1));
        e.initializer("w2", random(2, 1, 4, 2, 1, 1));
        e.add(Node.of("c", "Conv", List.of("x", "w"), List.of("a"), Map.of()));
        e.add(Node.of("s", "Split", List.of("a"), List.of("l", "r"), Map.of("axis", new Attribute.IntValue(1))));
        e.add(Node.of("add", "Add", List.of("l", "r"), List.of("b"), Map.of()));
        e.add(Node.of("d", "Conv", List.of("b", "w2"), List.of("y"), Map.of()));
        e.add(Node.of("relu", "Relu", List.of("y"), List.of("z"), Map.of()));
        Pipeline.Result r = quantize(output(e, "z"));
        FrozenQuantizedModel model = new FrozenQuantizedModel(
                "m", "onnxruntime", r.graph().copy(), r.configs().snapshot());
        Graph carried = QdqGraphBuilder.apply(model, Set.of());
        assertThat(carried.producer(carried.node("add").orElseThrow().input(0))
                        .orElseThrow()
                        .opType())
                .isEqualTo("Split");
        Graph behind = QdqGraphBuilder.apply(model, Set.of(QdqGraphBuilder.Form.BEHIND_MOVES));
        for (String in : behind.node("add").orElseThrow().inputs()) {
            assertThat(behind.producer(in).orElseThrow().opType()).isEqualTo("DequantizeLinear");
        }
    }

    /** Of a MatMul and an Add ONNX Runtime makes a Gemm whose bias is float, and decodes the weights at every run. */
    @Test
    void productsThatAreAddedAreWrittenAsGemm() {
        GraphEditor e = graph(1, 256);
        e.initializer("w", random(1, 1, 256, 512));
        e.initializer("r", random(2, 1, 256, 512));
        e.initializer("out", random(3, 1, 512, 256));
        e.add(Node.of("sigmoid", "Sigmoid", List.of("x"), List.of("h"), Map.of()));
        e.add(Node.of("xw", "MatMul", List.of("x", "w"), List.of("a"), Map.of()));
        e.add(Node.of("hr", "MatMul", List.of("h", "r"), List.of("b"), Map.of()));
        e.add(Node.of("add", "Add", List.of("a", "b"), List.of("sum"), Map.of()));
        e.add(Node.of("tanh", "Tanh", List.of("sum"), List.of("t"), Map.of()));
        e.add(Node.of("last", "MatMul", List.of("t", "out"), List.of("y"), Map.of()));
        Pipeline.Result r = quantize(output(e, "y"));
        FrozenQuantizedModel model = new FrozenQuantizedModel(
                "m", "onnxruntime", r.graph().copy(), r.configs().snapshot());
        assertThat(r.graph().node("hr").orElseThrow().opType()).isEqualTo("MatMul");
        Graph written = QdqGraphBuilder.apply(model, Set.of(QdqGraphBuilder.Form.SUMMED_PRODUCTS));
        assertThat(written.node("xw").orElseThrow().opType()).isEqualTo("Gemm");
        assertThat(written.node("hr").orElseThrow().opType()).isEqualTo("Gemm");
        assertThat(written.node("last").orElseThrow().opType()).isEqualTo("MatMul");
        for (Node n : QdqGraphBuilder.apply(model, Set.of()).nodes()) {
            assertThat(n.opType()).isNotEqualTo("Gemm");
        }
    }

    /** Uniform noise has no tails: what cuts nothing off is as good as anything, and stays. */
    @Test
    void whatCutsNothingOffIsGivenUpForADecibelOnly() {
        assertThat(quantize(twoConvolutions()).journal().entries())
                .anyMatch(j -> j.pass().equals("calibration") && j.reason().startsWith("minmax over"));
    }
}
