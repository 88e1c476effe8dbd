package dev.detent.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Segments that are optimised together come out as they would alone. */
class SegmentOptimizerTest {

    private static final long[] IMAGE = {1, 16, 8, 8};

    /** Names repeat from segment to segment, as do weights and constants. */
    private static Graph segment(int kernel, float slope) {
        Random random = new Random(kernel);
        float[] weights = new float[16 * 16 * kernel * kernel];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = random.nextFloat() - 0.5f;
        }
        long pad = kernel / 2;
        Graph g = new Graph();
        g.edit()
                .opset("", 13)
                .input(ValueInfo.of("x", ElementType.FLOAT, IMAGE))
                .initializer("w", Tensor.ofFloats(new long[] {16, 16, kernel, kernel}, weights))
                .initializer("half", Tensor.scalar(0.5f))
                .add(Node.of(
                        "conv",
                        "Conv",
                        List.of("x", "w"),
                        List.of("c"),
                        Map.of("pads", new Attribute.Ints(List.of(pad, pad, pad, pad)))))
                .add(Node.of("scale", "Mul", List.of("c", "half"), List.of("m"), Map.of()))
                .add(Node.of(
                        "act",
                        "LeakyRelu",
                        List.of("m"),
                        List.of("y"),
                        Map.of("alpha", new Attribute.FloatValue(slope))))
                .output(ValueInfo.of("y", ElementType.FLOAT, IMAGE));
        return g;
    }

    private static Graph broken() {
        Graph g = new Graph();
        g.edit()
                .opset("", 13)
                .input(ValueInfo.of("x", ElementType.FLOAT, IMAGE))
                .add(Node.of("odd", "NoSuchOperator", List.of("x"), List.of("bad"), Map.of()))
                .output(ValueInfo.of("bad", ElementType.FLOAT, IMAGE));
        return g;
    }

    private record One(Sample sample) implements Samples {
        @Override
        public int size() {
            return 1;
        }

        @Override
        public Sample get(int index) {
            return sample;
        }
    }

    private static float[] run(Graph graph) {
        ByteBuffer data = ByteBuffer.allocateDirect(4 * 16 * 8 * 8).order(ByteOrder.nativeOrder());
        Random random = new Random(7);
        for (int i = 0; i < 16 * 8 * 8; i++) {
            data.putFloat(4 * i, random.nextFloat() - 0.5f);
        }
        Sample one = new Sample(Map.of("x", new Sample.Input(ElementType.FLOAT, IMAGE, data)));
        float[][] result = new float[1][];
        try (OrtModel model = OrtModel.of(graph, OrtOptimizationLevel.ASIS, "test")) {
            model.forEach(new One(one), 1, d -> {}, (i, outputs) -> result[0] = outputs.floats("y"));
        }
        return result[0];
    }

    @Test
    void togetherAsAlone() {
        List<Graph> segments = IntStream.range(0, 70)
                .mapToObj(i -> segment(1 + 2 * (i % 2), i % 5 == 0 ? 0.2f : 0.1f))
                .toList();
        Map<Graph, Graph> together = SegmentOptimizer.optimise(segments);
        assertThat(together).containsOnlyKeys(segments);
        for (int i = 0; i < segments.size(); i += 7) {
            Graph one = together.get(segments.get(i));
            Graph alone = SegmentOptimizer.optimise(List.of(segments.get(i))).get(segments.get(i));
            assertThat(one.nodes().stream().map(Node::opType))
                    .isEqualTo(alone.nodes().stream().map(Node::opType).toList());
            assertThat(one.initializers()).hasSameSizeAs(alone.initializers());
            assertThat(run(one)).containsExactly(run(alone));
        }
    }

    @Test
    void aSegmentThatCannotRunIsToldFromTheOthers() {
        List<Graph> segments =
                List.of(segment(1, 0.1f), segment(3, 0.1f), broken(), segment(1, 0.2f), segment(1, 0.2f));
        assertThatThrownBy(() -> SegmentOptimizer.optimise(segments))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("bad");
    }

    @Test
    void nothingToDo() {
        assertThat(SegmentOptimizer.optimise(List.of())).isEmpty();
    }
}
