package dev.detent.host.analyze;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.detent.host.analyze.RangeSupport.Reach;
import dev.detent.host.observe.SampleRanges;
import java.util.Arrays;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Whether samples were enough follows from their extremes alone. */
class RangeSupportTest {

    private static Reach reach(double... highs) {
        double[] sorted = highs.clone();
        Arrays.sort(sorted);
        return new Reach(new double[highs.length], sorted);
    }

    private static RangeSupport of(Reach... tensors) {
        SortedMap<String, Reach> named = new TreeMap<>();
        for (Reach r : tensors) {
            named.put("t" + named.size(), r);
        }
        return RangeSupport.of(named).orElseThrow();
    }

    @Test
    void theMeanOverAllSubsetsIsExact() {
        // Largest of the pairs of 1, 2, 3, 6: 2, 3, 6, 3, 6, 6.
        assertThat(reach(1, 6, 3, 2).of(2)).isCloseTo(26 / 6.0, within(1e-12));
        assertThat(reach(1, 6, 3, 2).of(4)).isEqualTo(6);
        assertThat(reach(1, 6, 3, 2).of(1)).isCloseTo(3, within(1e-12));
    }

    @Test
    void bothEndsCount() {
        assertThat(new Reach(new double[] {-4, -2}, new double[] {1, 3}).of(1)).isCloseTo(5, within(1e-12));
        assertThat(new Reach(new double[] {-4, -2}, new double[] {1, 3}).of(2)).isEqualTo(7);
    }

    @Test
    void samplesThatAllReachAsFarAreMoreThanEnough() {
        double[] alike = new double[64];
        Arrays.fill(alike, 6);
        RangeSupport support = of(reach(alike));

        assertThat(support.isEnough()).isTrue();
        assertThat(support.sufficient()).isEqualTo(32);
        assertThat(support.sentence()).isEqualTo("32 of the 64 samples suffice: they reach 95 % of every range");
        assertThat(of(reach(Arrays.copyOf(alike, 48))).sentence())
                .isEqualTo("48 samples suffice: half of them reach 95 % of every range");
    }

    @Test
    void ofFewSamplesNothingIsSaidUnlessTheyGrow() {
        SortedMap<String, Reach> tensors = new TreeMap<>();
        tensors.put("t", reach(6, 6, 6, 6, 6, 6, 6, 6));

        assertThat(RangeSupport.of(tensors)).isEmpty();
    }

    @Test
    void aTailThatOneSampleReachesStillGrowsAndIsNamed() {
        double[] steady = new double[8];
        Arrays.fill(steady, 1);
        RangeSupport support = of(reach(steady), reach(1, 1, 1, 1, 1, 1, 1, 9));

        assertThat(support.isEnough()).isFalse();
        assertThat(support.widest()).isEqualTo("t1");
        // Half of the samples hold the one of 9 in half of all choices: a mean of 5.
        assertThat(support.growth()).isCloseTo(9 / 5.0 - 1, within(1e-12));
        assertThat(support.sentence()).contains("'t1' still grows, by 80 % from 4 to 8 samples");
    }

    @Test
    void whatTheRangeClipsIsNotCountedAndNeitherThreadsNorOrderMatter() {
        Random random = new Random(3);
        SampleRanges one = new SampleRanges();
        SampleRanges first = new SampleRanges();
        SampleRanges second = new SampleRanges();
        for (int s = 0; s < 32; s++) {
            float[] values = new float[3000];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) random.nextGaussian();
            }
            one.observe(values, new long[] {1, 3000});
            (s % 3 == 0 ? second : first).observe(values, new long[] {1, 3000});
        }
        second.merge(first);

        assertThat(second.largest(9)).isEqualTo(one.largest(9));
        assertThat(second.smallest(-9)).isEqualTo(one.smallest(-9));
        assertThat(one.largest(2)).containsOnly(2);
        assertThat(one.smallest(-2)).containsOnly(-2);
    }

    @Test
    void aSampleWithoutFiniteValuesIsLeftOut() {
        SampleRanges ranges = new SampleRanges();
        ranges.observe(new float[] {1, Float.NaN}, new long[] {2});
        ranges.observe(new float[] {1, Float.POSITIVE_INFINITY}, new long[] {2});
        ranges.observe(new float[] {1, -2}, new long[] {2});

        assertThat(ranges.size()).isEqualTo(1);
    }
}
