package dev.detent.passes.calibration;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.observe.Observer;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class SoftmaxTailTest {

    /** scores + mask, and a Softmax along an axis. */
    private static GraphEditor attention(long axis) {
        GraphEditor e = new Graph()
                .edit()
                .opset("", 17)
                .input(ValueInfo.of("scores", ElementType.FLOAT, 2, 4, 8))
                .input(ValueInfo.of("mask", ElementType.FLOAT, 1, 1, 8));
        e.add(Node.of("add", "Add", List.of("scores", "mask"), List.of("masked"), Map.of()));
        e.add(Node.of(
                "softmax", "Softmax", List.of("masked"), List.of("p"), Map.of("axis", new Attribute.IntValue(axis))));
        return e.valueInfo(ValueInfo.of("masked", ElementType.FLOAT, 2, 4, 8))
                .output(ValueInfo.of("p", ElementType.FLOAT, 2, 4, 8));
    }

    @Test
    void whatASoftmaxReadsEndsBelowTheLargest() {
        for (long axis : new long[] {-1, 2}) {
            Graph graph = attention(axis).graph();
            assertThat(SoftmaxTail.depth(graph, "masked")).hasValue(20);
            assertThat(SoftmaxTail.depth(graph, "mask")).hasValue(50);
            assertThat(SoftmaxTail.depth(graph, "scores")).hasValue(50);
            assertThat(SoftmaxTail.depth(graph, "p")).isEmpty();
        }
        assertThat(SoftmaxTail.depth(attention(1).graph(), "masked")).isEmpty();
    }

    @Test
    void anotherReaderSeesAll() {
        GraphEditor e = attention(-1);
        e.add(Node.of("relu", "Relu", List.of("masked"), List.of("r"), Map.of()));
        Graph graph = e.output(ValueInfo.of("r", ElementType.FLOAT, 2, 4, 8)).graph();
        assertThat(SoftmaxTail.depth(graph, "masked")).isEmpty();
        assertThat(SoftmaxTail.depth(graph, "mask")).isEmpty();
    }

    /** However the values come in pieces. */
    @Test
    void everyRowHasItsOwnEnd() {
        float[] values = {0, -10000, 5, -30, -30, -31, -90, Float.NEGATIVE_INFINITY};
        for (int piece = 1; piece <= values.length; piece++) {
            Seen seen = new Seen();
            Observer observer = RowTailObserver.of(seen, OptionalDouble.of(20));
            observer.begin(new long[] {2, 4});
            for (int from = 0; from < values.length; from += piece) {
                observer.accept(values, from, Math.min(values.length, from + piece));
            }
            observer.end();
            assertThat(seen.values).containsExactly(0f, -15f, 5f, -15f, -30f, -31f, -50f, Float.NEGATIVE_INFINITY);
        }
    }

    private static final class Seen implements Observer {
        private final List<Float> values = new ArrayList<>();

        @Override
        public void begin(long[] shape) {
            assertThat(shape).containsExactly(2, 4);
        }

        @Override
        public void accept(float[] v, int from, int to) {
            for (int i = from; i < to; i++) {
                values.add(v[i]);
            }
        }

        @Override
        public void merge(Sketch other) {
            throw new UnsupportedOperationException();
        }

        @Override
        public QuantizationParameters render(Scheme scheme) {
            throw new UnsupportedOperationException();
        }
    }
}
