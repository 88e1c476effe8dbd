package dev.detent.backends.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.observe.Observer;
import dev.detent.spi.option.Options;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.ScaleRule;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.number.LinearInteger;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Weights whose products ONNX Runtime can add in 16 bits. */
class PairwiseSumObserverTest {

    private static final Scheme WEIGHT = LinearInteger.symmetric(8, -127, 127).with(ScaleRule.MAGNITUDE);

    /** Two inputs, a window of three: at each position the inputs one after the other. */
    @Test
    void aConvolutionSumsItsInputsAtEachPosition() {
        float[] w = {1, 2, 3, 10, 20, 30, 4, 5, 6, 40, 50, 60};
        assertThat(SummedWeights.of(w, new long[] {2, 2, 1, 3}, WEIGHT.perChannel(0))
                        .rows())
                .isDeepEqualTo(new float[][] {{1, 10, 2, 20, 3, 30}, {4, 40, 5, 50, 6, 60}});
    }

    @Test
    void aMatrixSumsAlongItsInputs() {
        float[] w = {1, 2, 3, 4, 5, 6};
        assertThat(SummedWeights.of(w, new long[] {3, 2}, WEIGHT.perChannel(1)).rows())
                .isDeepEqualTo(new float[][] {{1, 3, 5}, {2, 4, 6}});
        assertThat(SummedWeights.of(w, new long[] {2, 3}, WEIGHT.perChannel(0)).rows())
                .isDeepEqualTo(new float[][] {{1, 2, 3}, {4, 5, 6}});
    }

    @Test
    void onlyOneSignAddsUp() {
        SummedWeights w = new SummedWeights(new float[][] {{3, 4, 9, -9}, {-3, -4, 5}, {7}});
        assertThat(List.of(w.largestPair(0), w.largestPair(1), w.largestPair(2)))
                .containsExactly(9f, 7f, 7f);
    }

    @ParameterizedTest
    @CsvSource({"64, 16, 3, 3, 0", "32, 7, 1, 1, 0", "16, 3, 5, 5, 0", "128, 40, 1, 1, 1"})
    void noTwoThatAreAddedExceedWhatFits(int a, int b, int c, int d, int axis) {
        Random random = new Random(a);
        long[] dims = c * d == 1 ? new long[] {a, b} : new long[] {a, b, c, d};
        float[] w = new float[a * b * c * d];
        for (int i = 0; i < w.length; i++) {
            w[i] = (float) (random.nextGaussian() * Math.exp(random.nextGaussian()));
        }
        Scheme scheme = WEIGHT.perChannel(axis);
        Observer observer = PairwiseSumObserver.DEFINITION.factory().apply(scheme, new Options(Map.of()));
        observer.observe(w, dims);
        QuantizationParameters p = observer.render(scheme);
        float[][] rows = SummedWeights.of(w, dims, scheme).rows();
        for (int o = 0; o < rows.length; o++) {
            int largest = 0;
            for (int k = 0; k < rows[o].length; k += 2) {
                int first = code(scheme, rows[o][k], p.scale(o));
                int second = k + 1 < rows[o].length ? code(scheme, rows[o][k + 1], p.scale(o)) : 0;
                largest = Math.max(largest, (int) SummedWeights.pair(first, second));
            }
            assertThat(largest).as("channel " + o).isBetween(126, 128);
            assertThat(255 * largest).isLessThanOrEqualTo(Short.MAX_VALUE);
        }
    }

    private static int code(Scheme scheme, float weight, float scale) {
        return (int) scheme.system().code(weight, scale, 0, scheme);
    }
}
