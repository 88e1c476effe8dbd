package dev.detent.passes.tuning;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.number.LinearInteger;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ScaleSearchTest {

    /** A hundred small weights and a large one that hardly counts: the large one is clipped, unless it counts. */
    private static QuantizationParameters search(Scheme scheme, double importanceOfTheLargest, double least) {
        float[] values = new float[101];
        double[] importance = new double[101];
        Arrays.fill(importance, 1);
        for (int i = 0; i < 100; i++) {
            values[i] = (i - 50) / 50f;
        }
        values[100] = 2.5f;
        importance[100] = importanceOfTheLargest;
        QuantizationParameters now = scheme.cover(-2.5, 2.5);
        return new ScaleSearch(scheme, values, importance, new int[101], 1).search(now, new double[] {least});
    }

    @Test
    void aWeightThatHardlyCountsIsClipped() {
        Scheme scheme = LinearInteger.symmetric(4, -8, 7);
        float before = scheme.cover(-2.5, 2.5).scale(0);
        assertThat(search(scheme, .001, 0).scale(0)).isLessThan(.6f * before);
        assertThat(search(scheme, 1000, 0).scale(0)).isGreaterThan(.9f * before);
    }

    @Test
    void aScaleLeavesTheBiasRoom() {
        Scheme scheme = LinearInteger.symmetric(4, -8, 7);
        assertThat(search(scheme, .001, .3).scale(0)).isGreaterThanOrEqualTo(.3f);
    }

    @Test
    void powersOfTwoStayPowersOfTwo() {
        Scheme scheme = LinearInteger.symmetric(4, -8, 7).withPowerOfTwo();
        float before = scheme.cover(-2.5, 2.5).scale(0);
        float after = search(scheme, .001, 0).scale(0);
        assertThat(after).isIn(before / 2, before / 4);
    }

    @Test
    void zeroPointsMoveWithTheirRange() {
        Scheme scheme = LinearInteger.asymmetric(4, 0, 15);
        QuantizationParameters p = search(scheme, .001, 0);
        assertThat(p.scale(0)).isLessThan(.7f * scheme.cover(-2.5, 2.5).scale(0));
        assertThat(p.zeroPoint(0)).isBetween(5f, 10f);
    }
}
