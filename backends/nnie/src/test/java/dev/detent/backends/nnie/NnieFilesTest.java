package dev.detent.backends.nnie;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.detent.spi.export.CalibrationInputs;
import dev.detent.spi.export.CalibrationInputs.Order;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The mapper's pixels and the first layer together do what the preset does. */
class NnieFilesTest {

    private static final CalibrationInputs IMAGENET = new CalibrationInputs(
            Order.RGB, 1 / 255f, List.of(.485f, .456f, .406f), List.of(.229f, .224f, .225f), Map.of());

    @Test
    void oneScaleMeansAndFactorsMakeThePreset() {
        PixelScaling p = PixelScaling.of(IMAGENET, 3);
        assertThat(p.normType()).isEqualTo(5);
        assertThat(p.isUneven()).isTrue();
        for (int c = 0; c < 3; c++) {
            float pixel = 200;
            float expected = (pixel / 255f - IMAGENET.mean(c)) / IMAGENET.std(c);
            assertThat((pixel - p.means().get(c)) * p.scale() * p.left().get(c)).isCloseTo(expected, within(1e-5f));
            assertThat(p.left().get(c)).isLessThanOrEqualTo(1);
        }
    }

    @Test
    void equalChannelsLeaveNothingToTheNetwork() {
        CalibrationInputs ocr = new CalibrationInputs(Order.BGR, 1 / 255f, List.of(.5f), List.of(.5f), Map.of());
        PixelScaling p = PixelScaling.of(ocr, 3);
        assertThat(p.isUneven()).isFalse();
        assertThat(p.scale()).isCloseTo(2 / 255f, within(1e-9f));
        assertThat(p.means()).allSatisfy(m -> assertThat(m).isCloseTo(127.5f, within(1e-4f)));
        assertThat(PixelScaling.of(CalibrationInputs.NONE, 3).normType()).isZero();
    }

    @Test
    void aDenseConvolutionTakesTheFactors() {
        Graph graph = graph("Conv");
        FirstLayer.multiply(graph, "x", List.of(1f, 0.5f));
        assertThat(graph.nodes()).hasSize(1);
        assertThat(graph.initializer("w").orElseThrow().floats()).containsExactly(1, 1, 3, 2, 5, 3);
    }

    /** Its weights may not be changed: a layer of its own multiplies. */
    @Test
    void anythingElseGetsALayerInFront() {
        Graph graph = graph("Mul");
        FirstLayer.multiply(graph, "x", List.of(1f, 0.5f));
        assertThat(graph.nodes()).extracting(Node::opType).containsExactly("Mul", "Mul");
        assertThat(graph.initializer("w").orElseThrow().floats()).containsExactly(1, 2, 3, 4, 5, 6);
        Node first = graph.nodes().iterator().next();
        assertThat(first.input(0)).isEqualTo("x");
        assertThat(graph.initializer(first.input(1)).orElseThrow().floats()).containsExactly(1, 0.5f);
    }

    /** Three outputs of two channels, 1 x 1. */
    private static Graph graph(String op) {
        Graph graph = new Graph();
        graph.edit()
                .opset("", 13)
                .input(ValueInfo.of("x", ElementType.FLOAT, 1, 2, 4, 4))
                .initializer("w", Tensor.ofFloats(new long[] {3, 2, 1, 1}, 1, 2, 3, 4, 5, 6))
                .add(Node.of("n", op, List.of("x", "w"), List.of("y"), Map.of()))
                .output(ValueInfo.of("y", ElementType.FLOAT, 1, 3, 4, 4));
        return graph;
    }
}
