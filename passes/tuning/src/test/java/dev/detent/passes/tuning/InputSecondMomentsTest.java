package dev.detent.passes.tuning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.number.LinearInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class InputSecondMomentsTest {

    private static final Scheme SCHEME = LinearInteger.asymmetric(8, 0, 255);
    private static final QuantizationParameters PARAMETERS =
            new QuantizationParameters(new float[] {.5f}, new float[] {10});
    private static final long[] SHAPE = {1, 4, 6, 5};

    private final Node conv = Node.of(
            "c",
            "Conv",
            List.of("x", "w"),
            List.of("y"),
            Map.of(
                    "group",
                    new Attribute.IntValue(2),
                    "strides",
                    new Attribute.Ints(List.of(2L, 1L)),
                    "dilations",
                    new Attribute.Ints(List.of(1L, 2L)),
                    "pads",
                    new Attribute.Ints(List.of(1L, 0L, 1L, 2L))));
    private final Tensor weight = Tensor.ofFloats(new long[] {6, 2, 3, 2}, new float[72]);

    private static float[] input(long seed) {
        Random random = new Random(seed);
        float[] x = new float[120];
        for (int i = 0; i < x.length; i++) {
            x[i] = random.nextInt(260) / 2f - 10;
        }
        return x;
    }

    /**
     * A convolution written out as it is defined agrees with the patches, borders, strides, dilations and groups
     * included.
     */
    @Test
    void aPatchIsWhatAConvolutionMultiplies() {
        Im2Col patches = Im2Col.of(conv, weight).orElseThrow();
        float[] x = input(1);
        assertThat(patches.positions(SHAPE)).isEqualTo(3 * 5);
        float[] patch = new float[12];
        for (int g = 0; g < 2; g++) {
            for (int p = 0; p < 15; p++) {
                patches.copy(x, SHAPE, p, g, patch);
                for (int c = 0; c < 2; c++) {
                    for (int ky = 0; ky < 3; ky++) {
                        for (int kx = 0; kx < 2; kx++) {
                            int y = p / 5 * 2 - 1 + ky;
                            int xx = p % 5 + 2 * kx;
                            float expected = y < 0 || y >= 6 || xx >= 5 ? 0 : x[((g * 2 + c) * 6 + y) * 5 + xx];
                            assertThat(patch[(c * 3 + ky) * 2 + kx]).isEqualTo(expected);
                        }
                    }
                }
            }
        }
    }

    /** Moments of the quantized input; exact, so samples may come in any order and on any number of threads. */
    @Test
    void momentsAreThoseOfTheQuantizedInputWhateverTheOrder() {
        Im2Col patches = Im2Col.of(conv, weight).orElseThrow();
        InputSecondMoments one = new InputSecondMoments(patches, 100, 1000, SCHEME, PARAMETERS);
        InputSecondMoments left = new InputSecondMoments(patches, 100, 1000, SCHEME, PARAMETERS);
        InputSecondMoments right = new InputSecondMoments(patches, 100, 1000, SCHEME, PARAMETERS);
        List<float[]> seen = new ArrayList<>();
        for (int s = 0; s < 40; s++) {
            float[] x = input(s);
            one.observe(x, SHAPE);
            (s % 3 == 0 ? left : right).observe(x, SHAPE);
            for (int p = 0; p < 15; p++) {
                float[] patch = new float[12];
                patches.copy(x, SHAPE, p, 1, patch);
                SCHEME.system().fakeQuantize(patch, 0, 12, .5f, 10, SCHEME);
                seen.add(patch);
            }
        }
        right.merge(left);
        assertThat(right.moments(1, 0)).isEqualTo(one.moments(1, 0));
        assertThat(right.mean(0, 0)).isEqualTo(one.mean(0, 0));
        double mean = seen.stream().mapToDouble(p -> p[3]).average().orElseThrow();
        double moment = seen.stream().mapToDouble(p -> p[3] * p[7]).average().orElseThrow();
        assertThat(one.mean(1, 0)[3]).isCloseTo(mean, within(1e-9));
        assertThat(one.moments(1, 0)[3 * 12 + 7]).isCloseTo(moment, within(1e-6));
    }

    @Test
    void blocksHoldWholeChannels() {
        Im2Col patches = Im2Col.of(conv, weight).orElseThrow();
        assertThat(patches.blocks(8)).containsExactly(0, 6, 12);
        assertThat(patches.blocks(100)).containsExactly(0, 12);
    }
}
