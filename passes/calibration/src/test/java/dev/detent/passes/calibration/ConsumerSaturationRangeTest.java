package dev.detent.passes.calibration;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ConsumerSaturationRangeTest {

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    /** Phi by its series; good to 1e-10 for |x| <= 8. */
    private static double normal(double x) {
        double sum = x;
        double term = x;
        for (int i = 1; i < 300; i++) {
            term *= x * x / (2 * i + 1);
            sum += term;
        }
        return 0.5 + sum * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
    }

    private static GraphEditor graph() {
        return new Graph().edit().opset("", 20).input(ValueInfo.of("x", ElementType.FLOAT, 1, 8));
    }

    private static ConsumerSaturationRange range(String opType, int bits) {
        GraphEditor e = graph();
        if (opType.equals("SiLU")) {
            e.add(Node.of("gate", "Sigmoid", List.of("x"), List.of("g"), Map.of()));
            e.add(Node.of("silu", "Mul", List.of("g", "x"), List.of("y"), Map.of()));
        } else {
            e.add(Node.of(
                    "n",
                    opType,
                    List.of("x"),
                    List.of("y"),
                    opType.equals("HardSigmoid") ? Map.of("alpha", new Attribute.FloatValue(0.25f)) : Map.of()));
        }
        return ConsumerSaturationRange.of(
                e.output(ValueInfo.of("y", ElementType.FLOAT, 1, 8)).graph(), "x", bits, n -> true);
    }

    static Stream<Arguments> functions() {
        Map<String, DoubleUnaryOperator> all = Map.of(
                "Sigmoid",
                ConsumerSaturationRangeTest::sigmoid,
                "Tanh",
                Math::tanh,
                "HardSigmoid",
                x -> Math.max(0, Math.min(1, 0.25 * x + 0.5)),
                "HardSwish",
                x -> x * Math.max(0, Math.min(1, x / 6 + 0.5)),
                "Relu",
                x -> Math.max(0, x),
                "SiLU",
                x -> x * sigmoid(x),
                "Mish",
                x -> x * Math.tanh(Math.log1p(Math.exp(x))),
                "Gelu",
                x -> x < -8 ? 0 : x * normal(x),
                "Elu",
                x -> x < 0 ? Math.expm1(x) : x,
                "Softplus",
                x -> Math.log1p(Math.exp(x)));
        return all.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .flatMap(f -> Stream.of(8, 16).map(bits -> Arguments.of(f.getKey(), bits, f.getValue())));
    }

    /** Within a quarter of a step beyond the bounds, and no longer so well within them: no wider than they must be. */
    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("functions")
    void beyondItAFunctionIsAtItsLimit(String opType, int bits, DoubleUnaryOperator f) {
        ConsumerSaturationRange range = range(opType, bits);
        double quarter = Math.pow(2, -bits - 2);
        assertThat(range.lowest()).isFinite();
        for (double beyond = 0; beyond < 5; beyond += 0.25) {
            assertThat(f.applyAsDouble(range.lowest() - beyond))
                    .isCloseTo(f.applyAsDouble(range.lowest()), within(quarter));
        }
        assertThat(Math.abs(f.applyAsDouble(range.lowest() / 2 + 0.25) - f.applyAsDouble(range.lowest())))
                .isGreaterThan(quarter);
        if (Double.isFinite(range.highest())) {
            assertThat(f.applyAsDouble(range.highest() + 5))
                    .isCloseTo(f.applyAsDouble(range.highest()), within(quarter));
        }
    }

    private static org.assertj.core.data.Offset<Double> within(double quarter) {
        return org.assertj.core.data.Offset.offset(quarter * 1.001);
    }

    @Test
    void itIsWhatAllReadersTakeTogether() {
        GraphEditor e = graph();
        e.add(Node.of("hard", "HardSwish", List.of("x"), List.of("h"), Map.of()));
        e.add(Node.of("tanh", "Tanh", List.of("x"), List.of("t"), Map.of()));
        e.add(Node.of("sum", "Add", List.of("h", "t"), List.of("y"), Map.of()));
        ConsumerSaturationRange both = ConsumerSaturationRange.of(
                e.output(ValueInfo.of("y", ElementType.FLOAT, 1, 8)).graph(), "x", 8, n -> true);
        assertThat(both.lowest()).isEqualTo(range("Tanh", 8).lowest());
        assertThat(both.highest()).isInfinite();
        assertThat(ConsumerSaturationRange.of(e.graph(), "h", 8, n -> true))
                .as("an Add takes all")
                .isEqualTo(ConsumerSaturationRange.ALL);
        e.output(ValueInfo.of("x", ElementType.FLOAT, 1, 8).withName("x"));
        assertThat(ConsumerSaturationRange.of(e.graph(), "x", 8, n -> true))
                .as("it leaves the network, too")
                .isEqualTo(ConsumerSaturationRange.ALL);
    }

    /** Wake words: scores of one in a thousand are told apart by a threshold, so their logits are not cut off. */
    @Test
    void whatStaysFloatHasNoStep() {
        GraphEditor e = graph();
        e.add(Node.of("n", "Sigmoid", List.of("x"), List.of("y"), Map.of()));
        e.output(ValueInfo.of("y", ElementType.FLOAT, 1, 8));
        assertThat(ConsumerSaturationRange.of(e.graph(), "x", 8, n -> false)).isEqualTo(ConsumerSaturationRange.ALL);
    }

    @Test
    void whatIsCutOffExactlyHasAnEndInFloatToo() {
        GraphEditor e = graph();
        e.add(Node.of("n", "Relu", List.of("x"), List.of("y"), Map.of()));
        e.output(ValueInfo.of("y", ElementType.FLOAT, 1, 8));
        assertThat(ConsumerSaturationRange.of(e.graph(), "x", 8, n -> false).lowest())
                .isZero();
    }
}
