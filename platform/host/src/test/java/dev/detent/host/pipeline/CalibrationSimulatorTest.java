package dev.detent.host.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Tensor;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CalibrationSimulatorTest {

    /** The graph was copied, and a model built, for each of float-fallback's questions about the same biases. */
    @Test
    void initializersAreTheSameByTheirValues() {
        CalibrationSimulator.Replaced known =
                new CalibrationSimulator.Replaced(new Graph(), 0, Map.of("b", Tensor.ofFloats(new long[] {2}, 1, 2)));
        assertThat(known.has(Map.of("b", Tensor.ofFloats(new long[] {2}, 1, 2))))
                .isTrue();
        assertThat(known.has(Map.of("b", Tensor.ofFloats(new long[] {2}, 1, 3))))
                .isFalse();
        assertThat(known.has(Map.of("b", Tensor.ofFloats(new long[] {1, 2}, 1, 2))))
                .isFalse();
        assertThat(known.has(Map.of("c", Tensor.ofFloats(new long[] {2}, 1, 2))))
                .isFalse();
        assertThat(known.has(Map.of())).isFalse();
    }
}
