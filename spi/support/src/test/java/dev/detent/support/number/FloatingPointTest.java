package dev.detent.support.number;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FloatingPointTest {

    private static float[] numbers(FloatingPoint f) {
        Scheme scheme = f.scheme();
        float[] numbers = new float[128];
        int n = 0;
        for (int code = 0; code < 128; code++) {
            float v = f.value(code, 1, 0, scheme);
            if (v <= f.max()) {
                numbers[n++] = v;
            }
        }
        return java.util.Arrays.copyOf(numbers, n);
    }

    @ParameterizedTest
    @EnumSource(FloatingPoint.class)
    void everyNumberOfTheFormatStaysAndHasItsCode(FloatingPoint f) {
        Scheme scheme = f.scheme();
        for (int code = 0; code < 256; code++) {
            float v = f.value(code, 1, 0, scheme);
            if (Math.abs(v) <= f.max()) {
                float[] x = {v};
                f.fakeQuantize(x, 0, 1, 1, 0, scheme);
                assertThat(x[0]).isEqualTo(v);
                assertThat(f.code(v, 1, 0, scheme)).isEqualTo(code);
            }
        }
    }

    /** Against a search for the nearest number of the format; ties go to the even code. */
    @ParameterizedTest
    @EnumSource(FloatingPoint.class)
    void roundsToTheNearestAndTiesToEven(FloatingPoint f) {
        Scheme scheme = f.scheme();
        float[] numbers = numbers(f);
        Random random = new Random(3);
        for (int i = 0; i < 50_000; i++) {
            float x = i % 3 == 0
                    ? (numbers[i % (numbers.length - 1)] + numbers[i % (numbers.length - 1) + 1]) / 2
                    : (float) Math.pow(2, random.nextDouble() * 30 - 20);
            int best = 0;
            for (int k = 1; k < numbers.length; k++) {
                float d = Math.abs(numbers[k] - x);
                float least = Math.abs(numbers[best] - x);
                best = d < least || d == least && k % 2 == 0 ? k : best;
            }
            float[] y = {x, -x};
            f.fakeQuantize(y, 0, 2, 1, 0, scheme);
            assertThat(y).as("of " + x).containsExactly(numbers[best], -numbers[best]);
        }
    }

    /** PPQ's kernel rounds ties down: 1.1875 to 1.125 (docs/differences.md). */
    @Test
    void theTieThatPpqRoundsDownGoesToEven() {
        float[] x = {1.1875f};
        FloatingPoint.E4M3.fakeQuantize(x, 0, 1, 1, 0, FloatingPoint.E4M3.scheme());
        assertThat(x[0]).isEqualTo(1.25f);
    }

    @Test
    void theLargestMagnitudeFallsOnTheLargestNumber() {
        Scheme scheme = FloatingPoint.E4M3.scheme();
        QuantizationParameters p = scheme.cover(-3, 1);
        float[] x = {-3, 5};
        FakeQuantization.inPlace(x, new long[] {2}, scheme, p);
        assertThat(x).containsExactly(-448 * p.scale(0), 448 * p.scale(0));
        assertThat(FloatingPoint.E4M3.scheme().withPowerOfTwo().cover(-3, 1).scale(0))
                .isEqualTo(0x1p-7f);
    }
}
