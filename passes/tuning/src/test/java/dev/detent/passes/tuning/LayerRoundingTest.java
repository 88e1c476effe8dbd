package dev.detent.passes.tuning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Range;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.number.LinearInteger;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LayerRoundingTest {

    private static final Range UNBOUNDED = new Range(-Float.MAX_VALUE, Float.MAX_VALUE);
    private static final int COLUMNS = 6;
    private static final int OUTPUTS = 3;
    private static final int ROWS = 400;

    private final Random random = new Random(4);
    private final Node product = Node.of("m", "MatMul", List.of("x", "w"), List.of("y"), Map.of());
    private final float[] weights = floats(COLUMNS * OUTPUTS);
    private final Im2Col patches = Im2Col.of(product, Tensor.ofFloats(new long[] {COLUMNS, OUTPUTS}, weights))
            .orElseThrow();

    private float[] floats(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private PairedMoments seen(float[] exact, float[] quantized) {
        PairedMoments seen = new PairedMoments(patches, 100, ROWS, UNBOUNDED);
        seen.accept(exact, quantized, new long[] {ROWS, COLUMNS});
        return seen;
    }

    /** What arrives is too small by a fifth: weights that are larger by a quarter make up for it. */
    @Test
    void weightsMakeUpForWhatArrivesTooSmall() {
        float[] exact = floats(ROWS * COLUMNS);
        float[] quantized = new float[exact.length];
        for (int i = 0; i < exact.length; i++) {
            quantized[i] = .8f * exact[i];
        }
        float[] target = LayerRounding.of(patches, seen(exact, quantized), weights, false)
                .compensated();
        for (int i = 0; i < weights.length; i++) {
            assertThat(target[i]).isCloseTo(1.25f * weights[i], within(.02f * (1 + Math.abs(weights[i]))));
        }
    }

    @Test
    void withoutAnErrorWeightsAreTheirOwnTargets() {
        float[] exact = floats(ROWS * COLUMNS);
        assertThat(LayerRounding.of(patches, seen(exact, exact), weights, true).compensated())
                .containsExactly(weights);
    }

    /** Whatever weights were rounded to, the mean of the outputs is the float network's. */
    @Test
    void theBiasTakesTheMeanError() {
        float[] exact = floats(ROWS * COLUMNS);
        float[] quantized = new float[exact.length];
        for (int i = 0; i < exact.length; i++) {
            exact[i] += 2;
            quantized[i] = exact[i] - .3f;
        }
        LayerRounding layer = LayerRounding.of(patches, seen(exact, quantized), weights, true);
        Scheme scheme = LinearInteger.symmetric(4, -8, 7);
        float[] rounded = layer.round(weights, scheme, QuantizationParameters.of(.4f, 0), new int[weights.length], 2);
        float[] bias = layer.bias(new float[] {1, 2, 3}, rounded);
        for (int o = 0; o < OUTPUTS; o++) {
            double mean = 0;
            for (int r = 0; r < ROWS; r++) {
                for (int c = 0; c < COLUMNS; c++) {
                    int at = c * OUTPUTS + o;
                    mean += exact[r * COLUMNS + c] * weights[at] - quantized[r * COLUMNS + c] * rounded[at];
                }
            }
            assertThat(bias[o] - (o + 1)).isCloseTo((float) (mean / ROWS), within(1e-3f));
        }
    }
}
