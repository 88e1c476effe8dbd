package dev.detent.passes.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.detent.spi.observe.Observer;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.number.FakeQuantization;
import dev.detent.support.number.LinearInteger;
import dev.detent.testkit.ContractViolation;
import dev.detent.testkit.DescriptorContract;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ObserversTest {

    private static final Scheme SIGNED = LinearInteger.symmetric(8, -128, 127);
    private static final Scheme UNSIGNED = LinearInteger.asymmetric(8, 0, 255);

    private static float[] gaussian(int n, long seed, double outlier) {
        Random r = new Random(seed);
        float[] v = new float[n];
        for (int i = 0; i < n; i++) {
            v[i] = (float) r.nextGaussian();
        }
        v[n / 2] = (float) outlier;
        return v;
    }

    private static double error(float[] values, Scheme s, QuantizationParameters p) {
        float[] q = values.clone();
        FakeQuantization.inPlace(q, new long[] {q.length}, s, p);
        double sum = 0;
        for (int i = 0; i < q.length; i++) {
            sum += Math.pow((double) values[i] - q[i], 2);
        }
        return sum / q.length;
    }

    @Test
    void theShippedObserversKeepTheContract() {
        for (var d : new Calibration().observers()) {
            ContractViolation c = DescriptorContract.check(d);
            assertThat(c.passed()).as(c.detail()).isTrue();
        }
        for (var p : new Calibration().passes()) {
            assertThat(DescriptorContract.check(p).passed()).isTrue();
        }
    }

    @Test
    void minMaxPerChannelFollowsTheAxisAcrossChunks() {
        MinMaxObserver o =
                new MinMaxObserver(LinearInteger.symmetric(8, -127, 127).perChannel(1));
        o.begin(new long[] {2, 2, 3});
        o.accept(new float[] {1, 2, 3, -9, 5}, 0, 5);
        o.accept(new float[] {6, 7, 1, 1, 2, 2, 2}, 0, 7);
        o.end();
        QuantizationParameters p =
                o.render(LinearInteger.symmetric(8, -127, 127).perChannel(1));
        assertThat(p.scales()).containsExactly(7f / 127, 9f / 127);
    }

    /** ppq-0.6.6.md, appendix D: 1-based ranks of the percentile observer. */
    @ParameterizedTest
    @CsvSource({"1000, 1, 1000", "10000, 1, 10000", "100352, 11, 100342"})
    void percentilePicksPpqsRanks(int n, int low, int high) {
        float[] v = new float[n];
        for (int i = 0; i < n; i++) {
            v[(int) (i * 7919L % n)] = i + 1 - n / 2f;
        }
        PercentileObserver o = new PercentileObserver(0.9999);
        o.observe(v, new long[] {n});
        float[] sorted = v.clone();
        Arrays.sort(sorted);
        Scheme s = LinearInteger.asymmetric(16, 0, 65535);
        assertThat(o.render(s)).isEqualTo(s.cover(sorted[low - 1], sorted[high - 1]));
    }

    @Test
    void percentileIsAveragedOverBatches() {
        PercentileObserver o = new PercentileObserver(0.9999);
        o.observe(new float[] {-1, 4}, new long[] {2});
        o.observe(new float[] {-3, 2}, new long[] {2});
        assertThat(o.render(UNSIGNED)).isEqualTo(UNSIGNED.cover(-2, 3));
    }

    @Test
    void theMseRangeHasLessErrorThanMinMaxAndThanItsNeighbours() {
        float[] v = gaussian(30_000, 3, 60);
        for (Scheme s : schemes()) {
            MseObserver o = new MseObserver(s);
            o.observe(v, new long[] {v.length});
            QuantizationParameters p = o.render(s);
            double mine = error(v, s, p);
            MinMaxObserver m = new MinMaxObserver(s);
            m.observe(v, new long[] {v.length});
            assertThat(mine).as(s.toString()).isLessThanOrEqualTo(error(v, s, m.render(s)) * 1.01);
            assertThat(mine)
                    .isLessThanOrEqualTo(
                            1.05 * error(v, s, QuantizationParameters.of(p.scale(0) * 1.25f, p.zeroPoint(0))));
            assertThat(mine)
                    .isLessThanOrEqualTo(
                            1.05 * error(v, s, QuantizationParameters.of(p.scale(0) * 0.8f, p.zeroPoint(0))));
        }
    }

    /** Knowing that nothing is negative saves work and changes nothing. */
    @Test
    void theHintOfNoNegativeValuesChangesNothing() {
        float[] v = gaussian(30_000, 6, 5);
        for (int i = 0; i < v.length; i++) {
            v[i] = Math.max(0, v[i]);
        }
        for (Scheme s : schemes()) {
            List<Supplier<Observer>> observers = List.of(
                    () -> new MinMaxObserver(s), () -> new MseObserver(s), () -> new PercentileObserver(0.9999));
            for (Supplier<Observer> observer : observers) {
                Observer plain = observer.get();
                plain.observe(v, new long[] {v.length});
                Observer told = observer.get();
                told.expectNonNegative();
                told.observe(v, new long[] {v.length});
                assertThat(told.render(s)).as(s.toString()).isEqualTo(plain.render(s));
            }
        }
    }

    private static Scheme[] schemes() {
        return new Scheme[] {
            SIGNED,
            UNSIGNED,
            LinearInteger.symmetric(4, -8, 7),
            LinearInteger.asymmetric(4, 0, 15),
            LinearInteger.symmetric(16, -32768, 32767)
        };
    }

    /**
     * Of a large batch only runs are looked at: the range is nearly as good as that of all values, and one far outlier
     * is not lost.
     */
    @Test
    void samplingLargeBatchesCostsLittle() {
        float[] v = gaussian(1_000_000, 3, 4);
        float[] far = gaussian(1_000_000, 4, 60);
        for (Scheme s : schemes()) {
            double all = error(v, s, batches(s, v, 20_000));
            assertThat(error(v, s, batches(s, v, 100_000))).as(s.toString()).isLessThanOrEqualTo(1.1 * all);
            MinMaxObserver m = new MinMaxObserver(s);
            m.observe(far, new long[] {far.length});
            assertThat(error(far, s, batches(s, far, 100_000)))
                    .as(s.toString())
                    .isLessThanOrEqualTo(1.01 * error(far, s, m.render(s)));
        }
    }

    private static QuantizationParameters batches(Scheme s, float[] values, int size) {
        MseObserver o = new MseObserver(s);
        for (int at = 0; at < values.length; at += size) {
            o.observe(java.util.Arrays.copyOfRange(values, at, at + size), new long[] {size});
        }
        return o.render(s);
    }

    @Test
    void mseWorksPerChannel() {
        Scheme s = LinearInteger.symmetric(8, -127, 127).perChannel(0);
        float[] v = gaussian(4000, 5, 40);
        for (int i = 2000; i < 4000; i++) {
            v[i] *= 0.01f;
        }
        MseObserver o = new MseObserver(s);
        o.observe(v, new long[] {2, 2000});
        QuantizationParameters p = o.render(s);
        assertThat(p.channels()).isEqualTo(2);
        assertThat(p.scale(1)).isLessThan(p.scale(0));
    }

    @Test
    void klClipsAnOutlierAndServesAsymmetricSchemes() {
        float[] v = gaussian(300_000, 9, 80);
        KlObserver o = new KlObserver();
        o.observe(v, new long[] {v.length});
        assertThat(o.render(SIGNED).scale(0) * 128).isBetween(2f, 40f);
        assertThat(o.render(UNSIGNED).scale(0)).isLessThan(0.5f);
    }

    @Test
    void isotoneAveragesTheBestCandidates() {
        IsotoneObserver o = new IsotoneObserver();
        o.observe(new float[] {10, 2, 1}, new long[] {1, 3});
        // s_max = 16, s_min = 2 / 126: both keep the order, so their mean is taken.
        assertThat(o.render(SIGNED).scale(0)).isEqualTo((float) ((16 + 2 / 126.0) / 2), within(1e-6f));
    }

    @Test
    void theHistogramStaysExactWhileSmallAndCloseWhenLarge() {
        float[] small = gaussian(5000, 1, 9);
        Histogram h = new Histogram();
        h.add(small, 0, small.length);
        double[] exact = new double[2];
        h.forEach((v, w, n) -> {
            assertThat(w).isZero();
            exact[0] += (double) v * n;
            exact[1] += n;
        });
        assertThat(exact[1]).isEqualTo(5000);
        float[] large = gaussian(1_000_000, 2, 9);
        Histogram g = new Histogram();
        g.add(large, 0, large.length);
        double[] sums = new double[2];
        g.forEach((v, w, n) -> {
            sums[0] += (double) v * v * n;
            sums[1] += n;
        });
        double square = 0;
        for (float v : large) {
            square += (double) v * v;
        }
        assertThat(sums[1]).isEqualTo(1_000_000);
        assertThat(sums[0]).isEqualTo(square, within(square * 1e-4));
    }

    @Test
    void theExactSumDoesNotDependOnOrder() {
        Random r = new Random(4);
        float[] v = new float[5000];
        for (int i = 0; i < v.length; i++) {
            v[i] = Float.intBitsToFloat(r.nextInt());
            if (!Float.isFinite(v[i])) {
                v[i] = 1e-40f;
            }
        }
        ExactSum forward = new ExactSum();
        ExactSum backward = new ExactSum();
        BigDecimal sum = BigDecimal.ZERO;
        for (int i = 0; i < v.length; i++) {
            forward.add(v[i]);
            sum = sum.add(new BigDecimal(v[i]));
        }
        ExactSum second = new ExactSum();
        for (int i = v.length - 1; i >= 0; i--) {
            (i % 2 == 0 ? backward : second).add(v[i]);
        }
        backward.merge(second);
        assertThat(backward.mean()).isEqualTo(forward.mean());
        float expected = sum.divide(BigDecimal.valueOf(v.length), new java.math.MathContext(60))
                .floatValue();
        assertThat(forward.mean()).isEqualTo(expected, within(Math.ulp(expected)));
    }

    @Test
    void anUnseenTensorIsNoCrash() {
        for (Observer o : new Observer[] {new MseObserver(SIGNED), new KlObserver()}) {
            o.observe(new float[] {0, 0, 0}, new long[] {3});
            assertThat(o.render(SIGNED).scale(0)).isPositive();
        }
    }

    /**
     * A network may give them: either there are numbers that mean something, or the sentence that there are none; but
     * an end.
     */
    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.MAX_VALUE})
    void whatIsNoNumberEndsTheSearch(float strange) {
        for (Observer o : new Observer[] {
            new MinMaxObserver(SIGNED),
            new PercentileObserver(0.9999),
            new MseObserver(SIGNED),
            new KlObserver(),
            new IsotoneObserver()
        }) {
            for (Scheme s : new Scheme[] {SIGNED, UNSIGNED}) {
                assertTimeoutPreemptively(Duration.ofMinutes(1), () -> {
                    o.observe(new float[] {1, strange, -2, strange, 3, 0.5f, 0, 7}, new long[] {2, 4});
                    try {
                        QuantizationParameters p = o.render(s);
                        assertThat(p.scale(0)).isPositive().isLessThan(Float.POSITIVE_INFINITY);
                    } catch (IllegalArgumentException e) {
                        assertThat(e).hasMessageContaining("scale");
                    }
                });
            }
        }
    }
}
