package dev.detent.passes.tuning;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.observe.Observer;
import dev.detent.spi.observe.ObserverDefinition;
import dev.detent.spi.option.Options;
import dev.detent.spi.quant.Granularity;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.number.FakeQuantization;
import dev.detent.support.number.LinearInteger;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FittedGroupsTest {

    private static final long[] DIMS = {64, 6};

    static List<ObserverDefinition> definitions() {
        return FittedGroups.DEFINITIONS;
    }

    private static float[] weights() {
        Random random = new Random(3);
        float[] w = new float[384];
        for (int i = 0; i < w.length; i++) {
            w[i] = (float) (random.nextGaussian() * (1 + i % 6)) + (i % 6 == 2 ? 3 : 0);
        }
        return w;
    }

    /** What the observer wants to be small, written out. */
    private static double error(String observer, Scheme scheme, QuantizationParameters p) {
        float[] w = weights();
        float[] rounded = w.clone();
        FakeQuantization.inPlace(rounded, DIMS, scheme, p);
        double sum = 0;
        for (int i = 0; i < w.length; i++) {
            double e = Math.abs(w[i] - rounded[i]);
            sum += observer.equals("hqq") ? Math.pow(e, .7) : (2 + Math.abs(w[i])) * e * e;
        }
        return sum;
    }

    /** Blocks of 32 along the columns of 6 channels: a smaller cost than that of the whole range. */
    @ParameterizedTest
    @MethodSource("definitions")
    void fittedBlocksLoseLessThanCoveredOnes(ObserverDefinition definition) {
        for (Scheme s : new Scheme[] {LinearInteger.asymmetric(4, 0, 15), LinearInteger.symmetric(4, -8, 7)}) {
            Scheme scheme = s.with(new Granularity.PerBlock(1, 32));
            Observer observer = definition.factory().apply(scheme, new Options(Map.of()));
            observer.observe(weights(), DIMS);
            QuantizationParameters p = observer.render(scheme);
            assertThat(p.channels()).isEqualTo(12);
            double[] low = new double[12];
            double[] high = new double[12];
            float[] w = weights();
            for (int i = 0; i < w.length; i++) {
                int g = scheme.granularity().group(i, DIMS);
                low[g] = Math.min(low[g], w[i]);
                high[g] = Math.max(high[g], w[i]);
            }
            assertThat(error(definition.id(), scheme, p))
                    .isLessThan(.97 * error(definition.id(), scheme, scheme.cover(low, high)));
        }
    }

    @ParameterizedTest
    @MethodSource("definitions")
    void zerosAreCovered(ObserverDefinition definition) {
        Scheme scheme = LinearInteger.asymmetric(4, 0, 15).with(new Granularity.PerBlock(1, 32));
        Observer observer = definition.factory().apply(scheme, new Options(Map.of()));
        observer.observe(new float[384], DIMS);
        assertThat(observer.render(scheme).scale(3)).isPositive();
    }
}
