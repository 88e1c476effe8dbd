package dev.detent.host.analyze;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ExpectedGainsTest {

    private static final int ELEMENTS = 20;

    /** Gains from the errors themselves, by unit, sample and element; the network's error is their sum. */
    private static List<Double> gains(double[][][] errors) {
        int samples = errors[0].length;
        double[] total = new double[samples];
        double[][] own = new double[errors.length][samples];
        double[][] rest = new double[errors.length][samples];
        for (int i = 0; i < samples; i++) {
            for (int k = 0; k < errors[0][i].length; k++) {
                double e = 0;
                for (double[][] unit : errors) {
                    e += unit[i][k];
                }
                total[i] += e * e;
                for (int u = 0; u < errors.length; u++) {
                    double a = errors[u][i][k];
                    own[u][i] += a * a;
                    rest[u][i] += (e - a) * (e - a);
                }
            }
        }
        return ExpectedGains.of(total, own, rest);
    }

    private static double[][] noise(int seed, int samples, double size) {
        Random random = new Random(seed);
        double[][] noise = new double[samples][ELEMENTS];
        for (double[] sample : noise) {
            for (int k = 0; k < sample.length; k++) {
                sample[k] = size * random.nextGaussian();
            }
        }
        return noise;
    }

    /** Of errors that have nothing in common, each one's power counts, and luck does not. */
    @Test
    void whatIsIndependentIsWorthItsPower() {
        double[][][] errors = new double[10][][];
        for (int u = 0; u < 10; u++) {
            errors[u] = noise(u, 8, u < 5 ? 1 : 0.2);
        }
        List<Double> gains = gains(errors);
        double total = 5 + 5 * 0.04;
        for (int u = 0; u < 10; u++) {
            double expected = -10 * Math.log10(1 - (u < 5 ? 1 : 0.04) / total);
            assertThat(gains.get(u)).as("unit " + u).isCloseTo(expected, within(0.35));
        }
    }

    /** Two units that make the same error: without one of them a quarter is left. */
    @Test
    void whatTwoMakeAlikeCountsTwice() {
        double[][] same = noise(1, 64, 1);
        List<Double> gains = gains(new double[][][] {same, same});
        assertThat(gains).allSatisfy(g -> assertThat(g).isCloseTo(6, within(1.0)));
    }

    /** Errors that cancel: without one of them the network is worse. */
    @Test
    void whatCancelsLoses() {
        double[][] one = noise(1, 64, 1);
        double[][] other = noise(1, 64, -0.9);
        assertThat(gains(new double[][][] {one, other, noise(2, 64, 1)}).get(1)).isNegative();
    }

    @Test
    void oneSampleTellsPowersOnly() {
        double[][] same = noise(1, 1, 1);
        assertThat(gains(new double[][][] {same, same}).get(0)).isCloseTo(-10 * Math.log10(0.75), within(1e-9));
    }

    @Test
    void whatIsNotFiniteGainsNothing() {
        double inf = Double.POSITIVE_INFINITY;
        assertThat(ExpectedGains.of(
                        new double[] {inf, 1}, new double[][] {{1, 1}, {inf, 1}}, new double[][] {{inf, 1}, {inf, 1}}))
                .containsExactly(0.0, 0.0);
        assertThat(ExpectedGains.of(new double[2], new double[1][2], new double[1][2]))
                .containsExactly(0.0);
    }
}
