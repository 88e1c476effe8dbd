package dev.detent.backends.nnie;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.number.FakeQuantization;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LogGridTest {

    /** The vendor library's answer as nnieqat quotes it: -9, 0, 1 .. 9 in one tensor. */
    @Test
    void theVendorsVectorComesOut() {
        float[] x = {-9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
        double[] expected = {
            -8.7240619659, 0, 1, 2, 2.9536523819, 4, 4.9674310684, 5.9073047638, 7.0250086784, 8, 8.7240619659
        };
        float[] y = quantized(LogGrid.FLOOR_8, x, -9, 9);
        for (int i = 0; i < x.length; i++) {
            assertThat((double) y[i]).as("of " + x[i]).isCloseTo(expected[i], within(2e-7 * Math.abs(expected[i])));
        }
    }

    /** MQBench rounds the maximum to the nearest step instead. */
    @Test
    void mqbenchsVariantDiffersAtTheMaximum() {
        assertThat((double) quantized(LogGrid.ROUND_8, new float[] {9}, -9, 9)[0])
                .isCloseTo(9.110309, within(1e-6));
    }

    private static float[] quantized(LogGrid grid, float[] x, double min, double max) {
        Scheme scheme = grid.scheme();
        float[] y = x.clone();
        FakeQuantization.inPlace(y, new long[] {x.length}, scheme, scheme.cover(min, max));
        return y;
    }

    /** Against the definition with logarithms in double precision, away from the boundaries between two levels. */
    @ParameterizedTest
    @EnumSource(LogGrid.class)
    void theTableRoundsAsTheLogarithmDoes(LogGrid grid) {
        int steps = grid == LogGrid.FLOOR_16 ? 128 : 16;
        int top = grid == LogGrid.FLOOR_16 ? 32767 : 127;
        Scheme scheme = grid.scheme();
        QuantizationParameters p = scheme.cover(-3, 3);
        double z = Math.rint(steps * Math.log(p.scale(0)) / Math.log(2)) - top;
        Random random = new Random(5);
        for (int i = 0; i < 20_000; i++) {
            float x = (float) (Math.pow(2, random.nextDouble() * 16 - 13) * (random.nextBoolean() ? 1 : -1));
            double exponent = steps * Math.log(Math.abs(x)) / Math.log(2) - z;
            if (Math.abs(exponent - Math.floor(exponent) - 0.5) < 1e-3) {
                continue;
            }
            double lowest = x > 0 ? 0 : 1;
            double level = Math.max(lowest, Math.min(top, Math.rint(exponent)));
            boolean zero = x > 0 ? x < Math.pow(2, z / steps - 1) : -x <= Math.pow(2, (z + 1) / steps - 1);
            double expected = zero ? 0 : Math.copySign(Math.pow(2, (level + z) / steps), x);
            float[] y = {x};
            FakeQuantization.inPlace(y, new long[] {1}, scheme, p);
            assertThat((double) y[0]).as("of " + x).isCloseTo(expected, within(1e-6 * Math.abs(expected)));
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = LogGrid.class,
            names = {"FLOOR_8", "ROUND_8"})
    void everyCodeStandsForItself(LogGrid grid) {
        Scheme scheme = grid.scheme();
        float clip = scheme.cover(-5, 5).scale(0);
        for (int code = 0; code < 256; code++) {
            float value = grid.value(code, clip, 0, scheme);
            assertThat(grid.code(value, clip, 0, scheme)).as("of " + value).isEqualTo(code);
        }
        assertThat(grid.value(127, clip, 0, scheme)).isEqualTo(clip);
        assertThat(grid.value(128, clip, 0, scheme)).isZero();
        assertThat(grid.value(255, clip, 0, scheme)).isEqualTo(-clip);
    }

    /** What lies on the grid stays: clip values that are written can be read. */
    @ParameterizedTest
    @EnumSource(LogGrid.class)
    void aMaximumOnTheGridStaysThere(LogGrid grid) {
        Scheme scheme = grid.scheme();
        for (double max = 1e-3; max < 1e3; max *= 1.37) {
            float clip = scheme.cover(-max, max).scale(0);
            assertThat(scheme.cover(-clip, clip).scale(0)).isEqualTo(clip);
        }
    }
}
