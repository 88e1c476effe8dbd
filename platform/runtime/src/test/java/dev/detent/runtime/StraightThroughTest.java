package dev.detent.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.number.FloatingPoint;
import dev.detent.support.number.LinearInteger;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class StraightThroughTest {

    static List<Scheme> schemes() {
        return List.of(
                LinearInteger.symmetric(8, -128, 127),
                LinearInteger.symmetric(4, -7, 7),
                LinearInteger.asymmetric(8, 0, 255),
                FloatingPoint.E4M3.scheme());
    }

    private static FloatBuffer buffer(float... values) {
        FloatBuffer b = BufferPool.allocate(values.length);
        b.put(0, values);
        return b;
    }

    /** What the rule for the scale rests on. */
    @ParameterizedTest
    @MethodSource("schemes")
    void scalingBothScalesTheResult(Scheme scheme) {
        Random random = new Random(3);
        for (int i = 0; i < 200; i++) {
            float[] x = {(float) random.nextGaussian()};
            float[] scaled = {4 * x[0]};
            scheme.system().fakeQuantize(x, 0, 1, 0.02f, 0, scheme);
            scheme.system().fakeQuantize(scaled, 0, 1, 0.08f, 0, scheme);
            assertThat(scaled[0]).isEqualTo(4 * x[0]);
        }
    }

    @Test
    void linear() {
        Scheme scheme = LinearInteger.asymmetric(8, 0, 255);
        QuantizationParameters p = QuantizationParameters.of(0.5f, 10);
        // Inside, below -5, above 122.5.
        FloatBuffer x = buffer(1.1f, -9, 200);
        FloatBuffer y = buffer(0, 0, 0);
        new FakeQuantizer(scheme, p).apply(x, y, new long[] {3}, FakeQuantizer.scratch());
        FloatBuffer g = buffer(1, 10, 100);
        StraightThrough.Sums sums = StraightThrough.Sums.of(p);
        new StraightThrough().apply(new FakeQuantizer(scheme, p), x, y, g, new long[] {3}, sums, DropMask.NONE);
        assertThat(new float[] {g.get(0), g.get(1), g.get(2)}).containsExactly(1, 0, 0);
        // LSQ+: round(x / s) - x / s inside, code less zero point outside; to the zero point -s outside.
        assertThat(sums.scales()[0]).isCloseTo(1 * (2 - 2.2) + 10 * -10.0 + 100 * 245.0, Offset.offset(1e-3));
        assertThat(sums.zeroPoints()[0]).isCloseTo(-0.5 * 110, Offset.offset(1e-6));
    }

    @Test
    void whatIsDroppedPassesUnchanged() {
        Scheme scheme = LinearInteger.symmetric(8, -128, 127);
        QuantizationParameters p = QuantizationParameters.of(0.01f, 0);
        DropMask all = DropMask.of(1, 5, 0, "x");
        FloatBuffer x = buffer(100, 200);
        FloatBuffer g = buffer(3, 4);
        StraightThrough.Sums sums = StraightThrough.Sums.of(p);
        new StraightThrough().apply(new FakeQuantizer(scheme, p), x, x, g, new long[] {2}, sums, all);
        assertThat(new float[] {g.get(0), g.get(1)}).containsExactly(3, 4);
        assertThat(sums.scales()[0]).isZero();
    }

    @Test
    void aMaskIsAsDenseAsAsked() {
        DropMask half = DropMask.of(0.5, 7, 3, "x");
        int dropped = 0;
        for (int i = 0; i < 10_000; i++) {
            dropped += half.at(i) ? 1 : 0;
        }
        assertThat(dropped).isBetween(4800, 5200);
    }
}
