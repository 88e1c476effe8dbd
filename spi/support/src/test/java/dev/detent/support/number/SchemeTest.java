package dev.detent.support.number;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.detent.spi.quant.Granularity;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Range;
import dev.detent.spi.quant.Rounding;
import dev.detent.spi.quant.ScaleAndZeroPoint;
import dev.detent.spi.quant.ScaleRule;
import dev.detent.spi.quant.Scheme;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SchemeTest {

    private static Scheme scheme(String kind, long min, long max) {
        Scheme s =
                kind.startsWith("ASYM") ? LinearInteger.asymmetric(8, min, max) : LinearInteger.symmetric(8, min, max);
        return kind.endsWith("P2") ? s.withPowerOfTwo() : s;
    }

    /** ppq-0.6.6.md, appendix D; the last row is ours, where PPQ's offset is unusable. */
    @ParameterizedTest
    @CsvSource({
        "-1, 3, -128, 127, SYM, 0.023529411764705882, 0",
        "-1, 3, -127, 127, SYM, 0.023622047244094488, 0",
        "-1, 3, -128, 127, SYM+P2, 0.03125, 0",
        "-1, 3, 0, 255, ASYM, 0.01568627450980392, 64",
        "0.5, 3, 0, 255, ASYM, 0.011764705882352941, 0",
        "-3, -1, 0, 255, ASYM, 0.011764705882352941, 255",
        "-0.3, 5.9, 0, 255, ASYM, 0.02431372549019608, 12",
        "0, 0, 0, 255, ASYM, 1e-8, 0",
        "0, 0, -128, 127, SYM, 1e-8, 0",
        "-1, 3, -128, 127, ASYM, 0.01568627450980392, -64"
    })
    void coversARange(
            double min, double max, long quantMin, long quantMax, String kind, double scale, double zeroPoint) {
        Scheme s = scheme(kind, quantMin, quantMax);
        ScaleAndZeroPoint p = s.system().cover(new Range(min, max), s);
        assertThat(p.scale()).isEqualTo(scale, within(1e-15));
        assertThat(p.zeroPoint()).isEqualTo(zeroPoint);
    }

    @Test
    void magnitudePutsTheMaximumOnTheLastCode() {
        QuantizationParameters p =
                LinearInteger.symmetric(8, -128, 127).with(ScaleRule.MAGNITUDE).cover(-1, 2.54);
        assertThat(p.scale(0)).isEqualTo(0.02f);
    }

    @Test
    void asymmetricSignedSchemesCoverTheirRange() {
        Scheme s = LinearInteger.asymmetric(8, -128, 127);
        QuantizationParameters p = s.cover(-1, 3);
        float[] ends = {-1, 3};
        FakeQuantization.inPlace(ends, new long[] {2}, s, p);
        assertThat(ends[0]).isEqualTo(-1, within(p.scale(0)));
        assertThat(ends[1]).isEqualTo(3, within(p.scale(0)));
    }

    @Test
    void powerOfTwoZeroPointsUseTheFinalScale() {
        Scheme s = LinearInteger.asymmetric(8, 0, 255).withPowerOfTwo();
        QuantizationParameters p = s.cover(-1, 3);
        assertThat(p.scale(0)).isEqualTo(0.015625f * 2);
        assertThat(p.zeroPoint(0)).isEqualTo(32);
    }

    @Test
    void roundingOfTies() {
        double[] v = {-2.5, -1.5, -1.2, -0.5, -0.49, 0, 0.49, 0.5, 1.2, 1.5, 2.5};
        assertThat(DoubleStream.of(v)
                        .map(x -> Rounding.HALF_EVEN.round(x) + 0.0)
                        .toArray())
                .containsExactly(-2, -2, -1, 0, 0, 0, 0, 0, 1, 2, 2);
        assertThat(DoubleStream.of(v).map(x -> Rounding.HALF_UP.round(x) + 0.0).toArray())
                .containsExactly(-2, -1, -1, 0, 0, 0, 0, 1, 1, 2, 3);
        assertThat(DoubleStream.of(v)
                        .map(x -> Rounding.HALF_DOWN.round(x) + 0.0)
                        .toArray())
                .containsExactly(-3, -2, -1, -1, 0, 0, 0, 0, 1, 1, 2);
        assertThat(DoubleStream.of(v)
                        .map(x -> Rounding.HALF_TOWARDS_ZERO.round(x) + 0.0)
                        .toArray())
                .containsExactly(-2, -1, -1, 0, 0, 0, 0, 0, 1, 1, 2);
        assertThat(DoubleStream.of(v)
                        .map(x -> Rounding.HALF_AWAY_FROM_ZERO.round(x) + 0.0)
                        .toArray())
                .containsExactly(-3, -2, -1, -1, 0, 0, 0, 1, 1, 2, 3);
        assertThat(DoubleStream.of(v).map(x -> Rounding.UP.round(x) + 0.0).toArray())
                .containsExactly(-2, -1, -1, 0, 0, 0, 1, 1, 2, 2, 3);
        assertThat(DoubleStream.of(v).map(x -> Rounding.DOWN.round(x) + 0.0).toArray())
                .containsExactly(-3, -2, -2, -1, -1, 0, 0, 0, 1, 1, 2);
    }

    /** The vectorisable loop against the definition, on ties, extremes, odd lengths and both signs of zero. */
    @ParameterizedTest
    @EnumSource(Rounding.class)
    void fakeQuantizationIsTheDefinition(Rounding rounding) {
        Random random = new Random(11);
        for (Scheme s : new Scheme[] {
            LinearInteger.symmetric(8, -128, 127).with(rounding),
            LinearInteger.asymmetric(8, 0, 255).with(rounding),
            LinearInteger.symmetric(4, -8, 7).with(rounding),
            LinearInteger.asymmetric(16, 0, 65535).with(rounding),
            LinearInteger.symmetric(30, -(1L << 29), 1L << 29).with(rounding)
        }) {
            float scale = 0.0371f;
            float zero = s.symmetric() ? 0 : 97;
            float[] x = new float[1003];
            for (int i = 0; i < x.length; i++) {
                x[i] = i % 3 == 0 ? (random.nextInt(600) - 300 + 0.5f) * scale : (float) random.nextGaussian() * 5;
            }
            x[0] = 0f;
            x[1] = -0f;
            x[2] = 1e30f;
            x[3] = -1e30f;
            float[] y = x.clone();
            s.system().fakeQuantize(y, 0, y.length, scale, zero, s);
            for (int i = 0; i < x.length; i++) {
                double q = Math.min(Math.max(rounding.round(x[i] / scale) + zero, s.quantMin()), s.quantMax());
                float expected = (float) (q - zero) * scale + 0f;
                assertThat(Float.floatToRawIntBits(y[i]))
                        .as("%s of %s gave %s, wanted %s", s, x[i], y[i], expected)
                        .isEqualTo(Float.floatToRawIntBits(expected));
                if (s.bits() <= 16) {
                    assertThat(s.system().code(x[i], scale, zero, s)).isEqualTo((long) q);
                }
            }
        }
    }

    @Test
    void channelsLieAlongTheAxis() {
        Scheme s = LinearInteger.symmetric(8, -128, 127).perChannel(1);
        float[] v = {1, 1, 1, 1, 1, 1, 1, 1};
        FakeQuantization.inPlace(
                v, new long[] {2, 2, 2}, s, new QuantizationParameters(new float[] {1, 3}, new float[2]));
        assertThat(v).containsExactly(1, 1, 0, 0, 1, 1, 0, 0);
    }

    @Test
    void impossibleSchemesAndParametersAreRefused() {
        assertThatThrownBy(() -> LinearInteger.symmetric(1, -1, 0)).hasMessageContaining("bits");
        assertThatThrownBy(() -> LinearInteger.symmetric(8, 10, 5)).hasMessageContaining("below");
        assertThatThrownBy(() -> LinearInteger.symmetric(8, 1, 255)).hasMessageContaining("code 0");
        assertThatThrownBy(() -> QuantizationParameters.of(0, 0)).hasMessageContaining("positive");
        assertThatThrownBy(() -> QuantizationParameters.of(Float.NaN, 0)).hasMessageContaining("positive");
        assertThatThrownBy(() -> new QuantizationParameters(new float[] {1}, new float[2]))
                .hasMessageContaining("zero points");
    }

    /** Blocks run along the channel, whichever axis it is, and are counted channel by channel. */
    @Test
    void blocksOfAChannelHaveScalesOfTheirOwn() {
        Scheme columns = LinearInteger.symmetric(4, -8, 7).with(new Granularity.PerBlock(1, 2));
        long[] dims = {5, 2};
        assertThat(columns.granularity().groups(dims)).isEqualTo(6);
        int[] groups = java.util.stream.IntStream.range(0, 10)
                .map(i -> columns.granularity().group(i, dims))
                .toArray();
        assertThat(groups).containsExactly(0, 3, 0, 3, 1, 4, 1, 4, 2, 5);
        Scheme rows = LinearInteger.symmetric(4, -8, 7).with(new Granularity.PerBlock(0, 2));
        long[] transposed = {2, 5};
        assertThat(java.util.stream.IntStream.range(0, 10)
                        .map(i -> rows.granularity().group(i, transposed))
                        .toArray())
                .containsExactly(0, 0, 1, 1, 2, 3, 3, 4, 4, 5);
        float[] values = {1, 10, 2, 20, 3, 30, 4, 40, 5, 50};
        FakeQuantization.inPlace(
                values, dims, columns, new QuantizationParameters(new float[] {1, 2, 5, 10, 20, 50}, new float[6]));
        assertThat(values).containsExactly(1, 10, 2, 20, 4, 40, 4, 40, 5, 50);
    }

    /** Every element by the parameters of its group, however channels and blocks lie in the tensor. */
    @ParameterizedTest
    @CsvSource({
        "300x7, 1, 0",
        "7x300, 0, 0",
        "3x40x5, 1, 0",
        "2x3x64x2, 1, 0",
        "600x3x2, 1, 0",
        "70x9, 0, 4",
        "70x9, 1, 4",
        "70x9, 1, 32",
        "5x40, 0, 32"
    })
    void fakeQuantizesByGroups(String shape, int axis, int block) {
        long[] dims = Arrays.stream(shape.split("x")).mapToLong(Long::parseLong).toArray();
        Scheme s = LinearInteger.asymmetric(8, 0, 255)
                .with(block > 0 ? new Granularity.PerBlock(axis, block) : new Granularity.PerChannel(axis));
        int size = (int) Arrays.stream(dims).reduce(1, (a, b) -> a * b);
        int groups = s.granularity().groups(dims);
        Random random = new Random(size);
        float[] scales = new float[groups];
        float[] zeroPoints = new float[groups];
        for (int g = 0; g < groups; g++) {
            scales[g] = 0.01f + random.nextFloat();
            zeroPoints[g] = random.nextInt(256);
        }
        QuantizationParameters p = new QuantizationParameters(scales, zeroPoints);
        float[] values = new float[size];
        float[] expected = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) random.nextGaussian() * 40;
            expected[i] = values[i];
            int g = s.granularity().group(i, dims);
            s.system().fakeQuantize(expected, i, i + 1, scales[g], zeroPoints[g], s);
        }
        FakeQuantization.inPlace(values, dims, s, p);
        assertThat(values).containsExactly(expected);
    }
}
