package dev.detent.support.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Tensor;
import org.junit.jupiter.api.Test;

class TransposedTensorTest {

    private static final Tensor MATRIX = Tensor.ofFloats(new long[] {2, 3}, new float[] {1, 2, 3, 4, 5, 6});

    @Test
    void rowsBecomeColumns() {
        Tensor t = TransposedTensor.of(MATRIX);
        assertThat(t.dims()).containsExactly(3, 2);
        assertThat(t.floats()).containsExactly(1, 4, 2, 5, 3, 6);
        assertThat(TransposedTensor.of(t).floats()).containsExactly(MATRIX.floats());
    }

    @Test
    void everyMatrixOfAStackIsTurnedByItself() {
        Tensor stack = Tensor.ofCodes(
                ElementType.INT8, new long[] {2, 2, 3}, new int[] {1, 2, 3, 4, 5, 6, -1, -2, -3, -4, -5, -6});
        Tensor t = TransposedTensor.of(stack);
        assertThat(t.dims()).containsExactly(2, 3, 2);
        assertThat(t.codes()).containsExactly(1, 4, 2, 5, 3, 6, -1, -4, -2, -5, -3, -6);
    }

    @Test
    void theTransposedMatrixIsKnown() {
        Tensor t = TransposedTensor.of(MATRIX);
        assertThat(TransposedTensor.isOf(MATRIX, t)).isTrue();
        assertThat(TransposedTensor.isOf(MATRIX, MATRIX)).isFalse();
        float[] other = t.floats();
        other[5] += 1;
        assertThat(TransposedTensor.isOf(MATRIX, Tensor.ofFloats(t.dims(), other)))
                .isFalse();
        assertThat(TransposedTensor.isOf(MATRIX, Tensor.ofFloats(new long[] {6}, other)))
                .isFalse();
    }
}
