package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.host.pipeline.Pipeline;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Range;
import dev.detent.spi.quant.TensorQuantization;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** QNN runs a Softmax with 1/255 and a Tanh with 1/128, whatever the model file says: nothing may move those. */
class PrescribedEncodingsTest {

    private static final QuantizationParameters UNIT = QuantizationParameters.of(1 / 255f, 0);

    /** Flat logits over many classes: probabilities far below 1, which an observer would zoom in on. */
    private static GraphEditor probabilities() {
        float[] w = new float[4 * 16];
        for (int i = 0; i < w.length; i++) {
            w[i] = ((i * 7 + 3) % 11 - 5) / 50f;
        }
        GraphEditor e = new Graph().edit().opset("", 13).input(ValueInfo.of("x", ElementType.FLOAT, 1, 4));
        e.initializer("w", Tensor.ofFloats(new long[] {4, 16}, w));
        e.add(Node.of("product", "MatMul", List.of("x", "w"), List.of("m"), Map.of()));
        return e.add(Node.of("softmax", "Softmax", List.of("m"), List.of("p"), Map.of()));
    }

    private static Graph output(GraphEditor e, String name) {
        return e.output(new ValueInfo(name, ElementType.FLOAT, Optional.empty(), UnmodeledProto.NONE))
                .graph();
    }

    private static Node concat(String... inputs) {
        return Node.of("concat", "Concat", List.of(inputs), List.of("y"), Map.of("axis", new Attribute.IntValue(1)));
    }

    private static Pipeline.Result quantize(Graph graph, String... set) {
        return TestPlatform.quantize(graph, "qnn", TestPlatform.noise(graph, 8), 1, set);
    }

    private static TensorQuantization out(Pipeline.Result r, String node) {
        return r.configs().output(r.graph().node(node).orElseThrow(), 0).orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "dispatcher=activations",
                "calibration.method=minmax",
                "calibration.rival=minmax",
                "calibration.method=kl",
                "parameter-quantization.method=percentile"
            })
    void aSoftmaxHasStepsOf1Over255(String set) {
        Pipeline.Result r = quantize(output(probabilities(), "p"), set);
        assertThat(out(r, "softmax").isFixed()).isTrue();
        assertThat(out(r, "softmax").qparams()).contains(UNIT);
    }

    @Test
    void whatIsJoinedWithAPrescribedEncodingFollowsItWhereItFits() {
        GraphEditor e = probabilities();
        e.add(Node.of("second", "Sigmoid", List.of("m"), List.of("q"), Map.of()));
        e.add(concat("p", "q"));
        Pipeline.Result r = quantize(output(e, "y"));
        assertThat(List.of("softmax", "second", "concat"))
                .allSatisfy(n -> assertThat(out(r, n).qparams()).contains(UNIT));
        assertThat(out(r, "concat").root()).isSameAs(out(r, "softmax"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"Align to Large", "Align to Output"})
    void whatDoesNotFitIsNotCutOff(String method) {
        GraphEditor e = probabilities();
        float[] gain = new float[16];
        Arrays.fill(gain, 100);
        e.initializer("gain", Tensor.ofFloats(new long[] {16}, gain));
        e.add(Node.of("boxes", "Mul", List.of("m", "gain"), List.of("b"), Map.of()));
        e.add(concat("p", "b"));
        Pipeline.Result r = quantize(output(e, "y"), "alignment.concat=" + method, "alignment.force-overlap=true");
        assertThat(out(r, "softmax").qparams()).contains(UNIT);
        TensorQuantization boxes = out(r, "boxes");
        Range range = boxes.scheme()
                .system()
                .range(
                        boxes.qparams().orElseThrow().scale(0),
                        boxes.qparams().orElseThrow().zeroPoint(0),
                        boxes.scheme());
        assertThat(range.high()).isGreaterThan(5);
    }

    @Test
    void aTanhInFrontOfAClipKeepsItsEncoding() {
        GraphEditor e = probabilities();
        e.initializer("low", Tensor.scalar(-.25f));
        e.initializer("high", Tensor.scalar(.25f));
        e.add(Node.of("tanh", "Tanh", List.of("m"), List.of("t"), Map.of()));
        e.add(Node.of("clip", "Clip", List.of("t", "low", "high"), List.of("y"), Map.of()));
        Pipeline.Result r = quantize(output(e, "y"));
        assertThat(out(r, "tanh").qparams()).contains(QuantizationParameters.of(1 / 128f, 128));
    }
}
