package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.detent.host.evaluate.EvaluationMetrics;
import dev.detent.host.normalize.HalfPrecision;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.runtime.Samples;
import dev.detent.runtime.SegmentedSimulation;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.quant.QuantizationState;
import dev.detent.spi.quant.TensorQuantization;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is quantized and what stays float, in graphs as torch and detectors have them. */
class QuantizationScopeTest {

    private static final ValueInfo X = new ValueInfo(
            "x",
            ElementType.FLOAT,
            Optional.of(List.of(
                    new ValueInfo.Dimension(-1, "batch"),
                    ValueInfo.Dimension.of(4),
                    ValueInfo.Dimension.of(6),
                    ValueInfo.Dimension.of(6))),
            UnmodeledProto.NONE);

    private static GraphEditor network() {
        GraphEditor e = new Graph().edit().opset("", 13).input(X);
        e.initializer("w1", weight(3));
        e.initializer("w2", weight(5));
        return e;
    }

    private static Tensor weight(int seed) {
        float[] w = new float[16];
        for (int i = 0; i < w.length; i++) {
            w[i] = (i * 7 + seed) % 11 - 5;
        }
        return Tensor.ofFloats(new long[] {4, 4, 1, 1}, w);
    }

    private static Graph output(GraphEditor e, String name) {
        return e.output(new ValueInfo(name, ElementType.FLOAT, Optional.empty(), UnmodeledProto.NONE))
                .graph();
    }

    private static Pipeline.Result quantize(Graph graph, String target, String... set) {
        return TestPlatform.quantize(graph, target, TestPlatform.noise(graph, 8), 1, set);
    }

    private static TensorQuantization in(Pipeline.Result r, String node, int index) {
        return r.configs().input(r.graph().node(node).orElseThrow(), index).orElseThrow();
    }

    private static TensorQuantization out(Pipeline.Result r, String node) {
        return r.configs().output(r.graph().node(node).orElseThrow(), 0).orElseThrow();
    }

    /**
     * The scale of an attention, worked out from a dimension as torch traces it: PPQ's closure leaves all that it
     * touches float.
     */
    @ParameterizedTest
    @CsvSource({
        "onnxruntime, activations, true",
        "onnxruntime, perseus, false",
        "dsp, activations, true",
        "dsp, perseus, false"
    })
    void shapesThatMeetActivationsDoNotMakeThemFloat(String target, String dispatcher, boolean quantized) {
        GraphEditor e = network();
        e.initializer("two", Tensor.ofLongs(new long[0], 2));
        e.add(Node.of("conv", "Conv", List.of("x", "w1"), List.of("c"), Map.of()));
        e.add(Node.of("shape", "Shape", List.of("c"), List.of("s"), Map.of()));
        e.add(Node.of("size", "Gather", List.of("s", "two"), List.of("d"), Map.of()));
        e.add(Node.of("cast", "Cast", List.of("d"), List.of("f"), Map.of("to", new Attribute.IntValue(1))));
        e.add(Node.of("root", "Sqrt", List.of("f"), List.of("r"), Map.of()));
        e.add(Node.of("scale", "Mul", List.of("c", "r"), List.of("m"), Map.of()));
        e.add(Node.of("last", "Conv", List.of("m", "w2"), List.of("y"), Map.of()));
        Pipeline.Result r = quantize(output(e, "y"), target, "dispatcher=" + dispatcher);
        assertThat(List.of("conv", "last"))
                .allMatch(n -> r.configs().isQuantized(r.graph().node(n).orElseThrow()) == quantized);
        assertThat(List.of("shape", "size", "cast", "root"))
                .noneMatch(n -> r.configs().isQuantized(r.graph().node(n).orElseThrow()));
    }

    /** Places that a detector finds lead a Gather; what it gathers is quantized all the same. */
    @Test
    void indicesMadeOfActivationsDoNotMakeThemFloat() {
        GraphEditor e = network();
        e.add(Node.of("conv", "Conv", List.of("x", "w1"), List.of("c"), Map.of()));
        e.add(Node.of("argmax", "ArgMax", List.of("c"), List.of("i"), Map.of("axis", new Attribute.IntValue(1))));
        e.add(Node.of(
                "gather",
                "GatherElements",
                List.of("c", "i"),
                List.of("g"),
                Map.of("axis", new Attribute.IntValue(1))));
        e.add(Node.of("add", "Add", List.of("c", "g"), List.of("a"), Map.of()));
        e.add(Node.of("last", "Conv", List.of("a", "w2"), List.of("y"), Map.of()));
        Pipeline.Result r = quantize(output(e, "y"), "onnxruntime");
        assertThat(List.of("conv", "add", "last"))
                .allMatch(n -> r.configs().isQuantized(r.graph().node(n).orElseThrow()));
        assertThat(r.configs().isQuantized(r.graph().node("argmax").orElseThrow()))
                .isFalse();
    }

    /** ONNX Runtime 1.28 makes noise of a Softmax between Q/DQ nodes. */
    @Test
    void whatGoesIntoASoftmaxStaysFloat() {
        GraphEditor e = network();
        e.initializer("rows", Tensor.ofLongs(new long[] {3}, 0, 4, 36));
        e.add(Node.of("conv", "Conv", List.of("x", "w1"), List.of("c"), Map.of()));
        e.add(Node.of("reshape", "Reshape", List.of("c", "rows"), List.of("q"), Map.of()));
        e.add(Node.of("softmax", "Softmax", List.of("q"), List.of("p"), Map.of()));
        e.initializer("w3", Tensor.ofFloats(new long[] {36, 1}, new float[36]));
        e.add(Node.of("product", "MatMul", List.of("p", "w3"), List.of("y"), Map.of()));
        Pipeline.Result r = quantize(output(e, "y"), "onnxruntime");
        assertThat(List.of(out(r, "conv"), in(r, "reshape", 0), out(r, "reshape")))
                .allMatch(c -> c.state().isFloat());
    }

    /**
     * A transformer's residual stream has outliers that 8 bits cannot hold; its products and their biases are integer.
     */
    @Test
    void betweenMatrixProductsAllIsFloat() {
        GraphEditor e = new Graph().edit().opset("", 17).input(ValueInfo.of("x", ElementType.FLOAT, 1, 3, 4));
        e.initializer("w", Tensor.ofFloats(new long[] {4, 4}, weight(3).floats()));
        e.initializer("v", Tensor.ofFloats(new long[] {4, 4}, weight(5).floats()));
        e.initializer("b", Tensor.ofFloats(new long[] {4}, 1, -2, 3, 4));
        e.initializer("gain", Tensor.ofFloats(new long[] {4}, 1, 1, 2, 1));
        e.add(Node.of("scale", "Mul", List.of("x", "gain"), List.of("n"), Map.of()));
        e.add(Node.of("product", "MatMul", List.of("n", "w"), List.of("p"), Map.of()));
        e.add(Node.of("bias", "Add", List.of("b", "p"), List.of("q"), Map.of()));
        e.add(Node.of("relu", "Relu", List.of("q"), List.of("r"), Map.of()));
        e.add(Node.of("residual", "Add", List.of("x", "r"), List.of("s"), Map.of()));
        e.add(Node.of("last", "MatMul", List.of("s", "v"), List.of("y"), Map.of()));
        Pipeline.Result r = quantize(output(e, "y"), "onnxruntime");
        assertThat(r.graph().nodes().stream().filter(r.configs()::isQuantized))
                .extracting(Node::name)
                .containsExactly("product", "bias", "last");
        assertThat(List.of(in(r, "product", 0), in(r, "last", 0)))
                .allMatch(c -> c.state() == QuantizationState.ACTIVATED);
        assertThat(List.of(out(r, "product"), in(r, "bias", 1), out(r, "bias")))
                .allMatch(c -> c.state().isFloat());
        TensorQuantization bias = in(r, "bias", 0);
        assertThat(bias.state()).isEqualTo(QuantizationState.PASSIVE_BAKED);
        for (int c = 0; c < 4; c++) {
            assertThat(bias.qparams().orElseThrow().scale(c))
                    .isEqualTo(in(r, "product", 0).qparams().orElseThrow().scale(0)
                            * in(r, "product", 1).qparams().orElseThrow().scale(c));
        }
    }

    /** What a Resize moves into a Clip that leaves the network is float up to there. */
    @Test
    void movementInFrontOfAFloatOutputStaysUnderIt() {
        GraphEditor e = network();
        e.initializer("twice", Tensor.ofFloats(new long[] {4}, 1, 1, 2, 2));
        e.initializer("top", Tensor.scalar(2));
        e.add(Node.of("conv", "Conv", List.of("x", "w1"), List.of("c"), Map.of()));
        e.add(Node.of("resize", "Resize", List.of("c", "", "twice"), List.of("r"), Map.of()));
        e.add(Node.of("clip", "Clip", List.of("r", "", "top"), List.of("y"), Map.of()));
        Pipeline.Result r = quantize(output(e, "y"), "onnxruntime", "islands=off");
        assertThat(List.of(out(r, "clip"), out(r, "resize").root()))
                .allMatch(c -> c.state().isFloat());
        assertThat(in(r, "resize", 0).root().state()).isEqualTo(QuantizationState.ACTIVATED);
    }

    /** ONNX Runtime's integer kernel counts otherwise than its float one. */
    @ParameterizedTest
    @CsvSource({"1, 1, false", "1, 0, true", "0, 1, true"})
    void averagesOfOverhangingWindowsStayFloat(long ceil, long includesPad, boolean quantized) {
        GraphEditor e = network();
        e.add(Node.of("conv", "Conv", List.of("x", "w1"), List.of("c"), Map.of()));
        e.add(Node.of(
                "pool",
                "AveragePool",
                List.of("c"),
                List.of("p"),
                Map.of(
                        "kernel_shape",
                        new Attribute.Ints(List.of(3L, 3L)),
                        "strides",
                        new Attribute.Ints(List.of(2L, 2L)),
                        "ceil_mode",
                        new Attribute.IntValue(ceil),
                        "count_include_pad",
                        new Attribute.IntValue(includesPad))));
        e.add(Node.of("last", "Conv", List.of("p", "w2"), List.of("y"), Map.of()));
        Pipeline.Result r = quantize(output(e, "y"), "onnxruntime");
        assertThat(r.configs().isQuantized(r.graph().node("pool").orElseThrow()))
                .isEqualTo(quantized);
    }

    @Test
    void theFillOfAFloatPadStaysFloat() {
        GraphEditor e = network();
        e.initializer("pads", Tensor.ofLongs(new long[] {8}, 0, 0, 1, 1, 0, 0, 1, 1));
        e.initializer("fill", Tensor.scalar(0));
        e.add(Node.of("conv", "Conv", List.of("x", "w1"), List.of("c"), Map.of()));
        e.add(Node.of("pad", "Pad", List.of("c", "pads", "fill"), List.of("y"), Map.of()));
        Pipeline.Result r = quantize(output(e, "y"), "onnxruntime");
        assertThat(List.of(in(r, "pad", 0), in(r, "pad", 2), out(r, "pad")))
                .allMatch(c -> c.state().isFloat());
    }

    /** A range of data that are never negative has no code for a fill of -9. */
    @ParameterizedTest
    @CsvSource({"Conv, true", "MaxPool, false"})
    void aPadThatBringsValuesHasARangeOfItsOwn(String reader, boolean own) {
        GraphEditor e = network();
        e.initializer("pads", Tensor.ofLongs(new long[] {8}, 0, 0, 1, 1, 0, 0, 1, 1));
        e.initializer("fill", Tensor.scalar(-9));
        e.add(Node.of("conv", "Conv", List.of("x", "w1"), List.of("c"), Map.of()));
        e.add(Node.of("relu", "Relu", List.of("c"), List.of("r"), Map.of()));
        e.add(Node.of("pad", "Pad", List.of("r", "pads", "fill"), List.of("p"), Map.of()));
        e.add(
                reader.equals("Conv")
                        ? Node.of("reader", "Conv", List.of("p", "w2"), List.of("q"), Map.of())
                        : Node.of(
                                "reader",
                                "MaxPool",
                                List.of("p"),
                                List.of("q"),
                                Map.of("kernel_shape", new Attribute.Ints(List.of(2L, 2L)))));
        e.initializer("w3", weight(8));
        e.add(Node.of("last", "Conv", List.of("q", "w3"), List.of("y"), Map.of()));
        Pipeline.Result r = quantize(output(e, "y"), "onnxruntime", "islands=off");
        TensorQuantization padded = out(r, "pad").root();
        double least = padded.scheme()
                .system()
                .range(
                        padded.qparams().orElseThrow().scale(0),
                        padded.qparams().orElseThrow().zeroPoint(0),
                        padded.scheme())
                .low();
        assertThat(least).isBetween(own ? -9.5 : 0, own ? -8.5 : 0);
    }

    /** ONNX Runtime's QGemm takes the scale of a bias for granted: the weights' of every channel. */
    @Test
    void aGemmHasAPlainBias() {
        GraphEditor e = new Graph().edit().opset("", 13).input(ValueInfo.of("x", ElementType.FLOAT, 1, 4));
        e.initializer("w", Tensor.ofFloats(new long[] {4, 4}, weight(3).floats()));
        e.initializer("v", Tensor.ofFloats(new long[] {4, 4}, weight(5).floats()));
        e.initializer("one", Tensor.ofFloats(new long[] {1}, 3));
        e.initializer("row", Tensor.ofFloats(new long[] {1, 4}, 1, 2, 3, 4));
        e.add(Node.of(
                "first", "Gemm", List.of("x", "w", "one"), List.of("c"), Map.of("alpha", new Attribute.FloatValue(2))));
        e.add(Node.of(
                "last", "Gemm", List.of("c", "v", "row"), List.of("y"), Map.of("beta", new Attribute.FloatValue(.5f))));
        Graph source = output(e, "y");
        Pipeline.Result r = quantize(source, "onnxruntime", "bias-correction=off");
        assertThat(r.floatGraph()
                        .initializer(r.floatGraph().node("first").orElseThrow().input(2))
                        .orElseThrow()
                        .floats())
                .containsExactly(3, 3, 3, 3);
        assertThat(r.floatGraph()
                        .initializer(r.floatGraph().node("last").orElseThrow().input(2))
                        .orElseThrow()
                        .floats())
                .containsExactly(.5f, 1, 1.5f, 2);
        assertThat(r.floatGraph()
                        .initializer(r.floatGraph().node("first").orElseThrow().input(1))
                        .orElseThrow()
                        .floats()[1])
                .isEqualTo(2 * weight(3).floats()[1]);
        assertThat(List.of(in(r, "first", 2), in(r, "last", 2)))
                .allMatch(c -> c.state() == QuantizationState.PASSIVE_BAKED);
    }

    /** Channels that batch norm has all but switched off: their bias counts in units of next to nothing. */
    @ParameterizedTest
    @CsvSource({"onnxruntime", "dsp", "openvino"})
    void theBiasOfADeadChannelFits(String target) {
        float[] dead = weight(3).floats();
        for (int i = 0; i < 4; i++) {
            dead[i] *= 1e-10f;
        }
        GraphEditor e = network();
        e.initializer("dead", Tensor.ofFloats(new long[] {4, 4, 1, 1}, dead));
        e.initializer("b", Tensor.ofFloats(new long[] {4}, -5, 1, 2, 3));
        e.add(Node.of("conv", "Conv", List.of("x", "dead", "b"), List.of("c"), Map.of()));
        e.add(Node.of("last", "Conv", List.of("c", "w2"), List.of("y"), Map.of()));
        Pipeline.Result r = quantize(output(e, "y"), target);
        double unit = (double) in(r, "conv", 0).root().qparams().orElseThrow().scale(0)
                * in(r, "conv", 1).qparams().orElseThrow().scale(0);
        assertThat(5 / unit).isLessThan(1.1 * (1 << 30));
    }

    /**
     * Boxes in pixels and scores below 1 leave a detector in one tensor; a common scale would round the scores away.
     */
    @Test
    void whatIsJoinedOnItsWayOutStaysFloat() {
        GraphEditor e = network();
        e.add(Node.of("boxes", "Conv", List.of("x", "w1"), List.of("b"), Map.of()));
        e.add(Node.of("logits", "Conv", List.of("x", "w2"), List.of("l"), Map.of()));
        e.add(Node.of("scores", "Sigmoid", List.of("l"), List.of("s"), Map.of()));
        e.add(Node.of("join", "Concat", List.of("b", "s"), List.of("j"), Map.of("axis", new Attribute.IntValue(1))));
        e.add(Node.of(
                "turned",
                "Transpose",
                List.of("j"),
                List.of("y"),
                Map.of("perm", new Attribute.Ints(List.of(0L, 2L, 3L, 1L)))));
        Pipeline.Result r = quantize(output(e, "y"), "onnxruntime");
        assertThat(List.of(
                        out(r, "boxes"),
                        out(r, "scores"),
                        in(r, "join", 0),
                        in(r, "join", 1),
                        out(r, "join"),
                        in(r, "turned", 0),
                        out(r, "turned")))
                .allMatch(c -> c.state().isFloat());
        assertThat(out(r, "logits").state()).isEqualTo(QuantizationState.ACTIVATED);
    }

    /** torch writes parameters that are equal once, and Identity nodes for the rest. */
    @Test
    void whatDependsOnConstantsAloneIsAConstant() {
        GraphEditor e = network();
        e.initializer("b", Tensor.ofFloats(new long[] {4}, 1, 2, 3, 4));
        e.initializer("half", Tensor.ofFloats(new long[0], .5f));
        e.add(Node.of("same", "Identity", List.of("b"), List.of("b2"), Map.of()));
        e.add(Node.of("halved", "Mul", List.of("b2", "half"), List.of("b3"), Map.of()));
        e.add(Node.of("conv", "Conv", List.of("x", "w1", "b2"), List.of("c"), Map.of()));
        e.add(Node.of("last", "Conv", List.of("c", "w2", "b3"), List.of("y"), Map.of()));
        Pipeline.Result r = quantize(output(e, "y"), "onnxruntime");
        assertThat(r.graph().nodes()).extracting(Node::name).containsExactly("conv", "last");
        assertThat(r.floatGraph()
                        .initializer(r.graph().node("last").orElseThrow().input(2))
                        .orElseThrow()
                        .floats())
                .containsExactly(.5f, 1, 1.5f, 2);
        assertThat(in(r, "conv", 2).state()).isEqualTo(QuantizationState.PASSIVE_BAKED);
    }

    /** Detectors give their anchors as they are; a weight may be an output beside. */
    @Test
    void constantsThatAreOutputsStayWhatTheyAre() {
        GraphEditor e = network();
        e.initializer("anchors", Tensor.ofLongs(new long[] {2}, 8, 16));
        e.add(Node.of("conv", "Conv", List.of("x", "w1"), List.of("y"), Map.of()));
        e.output(new ValueInfo("anchors", ElementType.INT64, Optional.empty(), UnmodeledProto.NONE));
        e.output(new ValueInfo("w1", ElementType.FLOAT, Optional.empty(), UnmodeledProto.NONE));
        Graph before = output(e, "y");
        Pipeline.Result r = quantize(before, "onnxruntime", "islands=off");
        assertThat(in(r, "conv", 1).state().isFloat()).isFalse();
        for (String name : List.of("anchors", "w1")) {
            Node made = r.graph().producer(name).orElseThrow();
            assertThat(made.is("Constant")).isTrue();
            assertThat(made.attribute("value"))
                    .hasValueSatisfying(v -> assertThat(
                                    ((Attribute.TensorValue) v).value().bytes())
                            .isEqualTo(before.initializer(name).orElseThrow().bytes()));
        }
    }

    /** As converters to 16 bits write it: a Cast at either end, and all between in half precision. */
    @Test
    void sixteenBitFloatsBecomeThirtyTwoBitOnes() {
        GraphEditor e = new Graph().edit().opset("", 13).input(X);
        e.initializer(
                "w",
                Tensor.of(
                        ElementType.FLOAT16,
                        new long[] {4, 4, 1, 1},
                        ByteBuffer.allocate(32)
                                .order(ByteOrder.LITTLE_ENDIAN)
                                .putShort((short) 0x3c00)
                                .putShort((short) 0xc100)
                                .putShort(4, (short) 1)
                                .position(0)));
        e.add(Node.of("narrow", "Cast", List.of("x"), List.of("h"), Map.of("to", new Attribute.IntValue(10))));
        e.add(Node.of("conv", "Conv", List.of("h", "w"), List.of("c"), Map.of()));
        e.add(Node.of("relu", "Relu", List.of("c"), List.of("r"), Map.of()));
        e.add(Node.of("widen", "Cast", List.of("r"), List.of("y"), Map.of("to", new Attribute.IntValue(1))));
        Graph graph = output(e, "y");
        assertThat(HalfPrecision.widen(graph, "test")).isTrue();
        assertThat(graph.nodes()).extracting(Node::name).containsExactly("conv", "relu");
        assertThat(graph.node("conv").orElseThrow().input(0)).isEqualTo("x");
        assertThat(graph.isOutput(graph.node("relu").orElseThrow().output(0))).isTrue();
        assertThat(graph.initializer("w").orElseThrow().floats()).startsWith(1, -2.5f, (float) Math.pow(2, -24));
        Pipeline.Result r = quantize(graph, "onnxruntime");
        assertThat(r.configs().isQuantized(r.graph().node("conv").orElseThrow()))
                .isTrue();
        assertThat(HalfPrecision.widen(graph, "test"))
                .as("nothing is left to widen")
                .isFalse();
    }

    /** SiLU makes nothing of what is below -10; steps are for the rest. */
    @ParameterizedTest
    @CsvSource({"true, 10.5, 9", "false, 1000, 100"})
    void rangesEndWhereTheirReadersSaturate(boolean useful, double atMost, double atLeast) {
        GraphEditor e = network();
        e.initializer("b", Tensor.ofFloats(new long[] {4}, -150, -100, -120, -3));
        e.add(Node.of("conv", "Conv", List.of("x", "w1", "b"), List.of("c"), Map.of()));
        e.add(Node.of("gate", "Sigmoid", List.of("c"), List.of("g"), Map.of()));
        e.add(Node.of("silu", "Mul", List.of("c", "g"), List.of("s"), Map.of()));
        e.add(Node.of("last", "Conv", List.of("s", "w2"), List.of("y"), Map.of()));
        Pipeline.Result r = quantize(
                output(e, "y"),
                "onnxruntime",
                "calibration.method=minmax",
                "calibration.rival=",
                "calibration.useful-range=" + useful);
        TensorQuantization c = out(r, "conv");
        double lowest = (c.scheme().quantMin() - c.qparams().orElseThrow().zeroPoint(0))
                * c.qparams().get().scale(0);
        assertThat(-lowest).isBetween(atLeast, atMost);
    }

    /** As many boxes as a detector finds: what one of the two models alone gives counts against nothing. */
    @Test
    void outputsWhoseSizeTheDataDecideAreScored() {
        Samples two = TestPlatform.noise(output(network(), "x"), 2);
        EvaluationMetrics.Reference reference = EvaluationMetrics.Reference.of(
                List.of("y"), two, (s, sink) -> rows(sink, new float[][] {{1, 0, 0, 2}, {3, 1}}));
        EvaluationMetrics same =
                reference.score((s, sink) -> rows(sink, new float[][] {{1, 0, 0, 2}, {3, 1}}), Optional.empty());
        assertThat(same.agreement()).isEqualTo(1);
        assertThat(same.snr()).isInfinite();
        EvaluationMetrics other =
                reference.score((s, sink) -> rows(sink, new float[][] {{1, 0}, {3, 1, 0, 2}}), Optional.empty());
        assertThat(other.agreement()).as("two rows of four").isEqualTo(.5);
        assertThat(other.snr()).as("15 to 4 + 4").isCloseTo(10 * Math.log10(15 / 8.0), within(1e-12));
        EvaluationMetrics nothing = reference.score((s, sink) -> rows(sink, new float[][] {{}, {}}), Optional.empty());
        assertThat(nothing.agreement()).isZero();
        assertThat(nothing.snr()).isZero();
    }

    /** The largest value of a row means a class in a matrix; of one column, of boxes and of maps it means nothing. */
    @ParameterizedTest
    @CsvSource({"'1,4', 4", "'2,2', 2", "'4,1', 0", "'1,2,2', 0", "'4', 0"})
    void agreementIsOfClasses(String shape, int classes) {
        long[] dims = Arrays.stream(shape.split(",")).mapToLong(Long::parseLong).toArray();
        Samples one = TestPlatform.noise(output(network(), "x"), 1);
        EvaluationMetrics.Runner run = (s, sink) -> sink.accept(0, new SegmentedSimulation.Outputs() {
            @Override
            public float[] floats(String value) {
                return new float[] {1, 2, 3, 4};
            }

            @Override
            public long[] shape(String value) {
                return dims;
            }
        });
        EvaluationMetrics m =
                EvaluationMetrics.Reference.of(List.of("y"), one, run).score(run, Optional.empty());
        assertThat(m.classes()).isEqualTo(classes);
        assertThat(EvaluationMetrics.rows(Map.of("simulated", m)).get(0).get(2))
                .isEqualTo(classes == 0 ? "-" : "100.00 %");
    }

    /** Boxes in pixels do not hide scores that are lost. */
    @Test
    void everyOutputCountsAlike() {
        Samples one = TestPlatform.noise(output(network(), "x"), 1);
        EvaluationMetrics.Reference reference = EvaluationMetrics.Reference.of(
                List.of("boxes", "scores"), one, (s, sink) -> named(sink, Map.of("boxes", 300f, "scores", .5f)));
        assertThat(reference
                        .score((s, sink) -> named(sink, Map.of("boxes", 300f, "scores", 0f)), Optional.empty())
                        .snr())
                .isCloseTo(10 * Math.log10(2), within(1e-9));
        assertThat(reference
                        .score((s, sink) -> named(sink, Map.of("boxes", 300f, "scores", .5f)), Optional.empty())
                        .snr())
                .isInfinite();
    }

    private static void named(SegmentedSimulation.OutputSink sink, Map<String, Float> values) {
        sink.accept(0, new SegmentedSimulation.Outputs() {
            @Override
            public float[] floats(String value) {
                return new float[] {values.get(value)};
            }

            @Override
            public long[] shape(String value) {
                return new long[] {1};
            }
        });
    }

    private static void rows(SegmentedSimulation.OutputSink sink, float[][] samples) {
        for (int i = 0; i < samples.length; i++) {
            float[] values = samples[i];
            sink.accept(i, new SegmentedSimulation.Outputs() {
                @Override
                public float[] floats(String value) {
                    return values;
                }

                @Override
                public long[] shape(String value) {
                    return new long[] {values.length / 2, 2};
                }
            });
        }
    }
}
