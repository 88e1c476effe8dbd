package dev.detent.passes.tuning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class GptqRoundingTest {

    private static final GptqRounding.Grid WHOLE = (w, column) -> (float) Math.rint(w);

    /**
     * With strongly correlated inputs the second weight makes up for the first: 0.4 + 0.4 is nearer to 1 + 0 than to 0
     * + 0.
     */
    @Test
    void theErrorOfOneWeightIsMadeUpForByTheNext() {
        double[] moments = {1, 0.99, 0.99, 1};
        float[] rounded = GptqRounding.of(moments, 2).round(new float[] {.4f, .4f}, WHOLE, 2);
        assertThat(rounded[0] + rounded[1]).isEqualTo(1);
    }

    @Test
    void independentInputsAreRoundedToNearest() {
        double[] moments = {4, 0, 0, 0, 1, 0, 0, 0, 9};
        assertThat(GptqRounding.of(moments, 3).round(new float[] {.4f, 1.6f, -2.2f}, WHOLE, 2))
                .containsExactly(0, 2, -2);
    }

    /** Nothing is known about inputs that were always 0. */
    @Test
    void withoutDataWeightsAreRoundedToNearest() {
        assertThat(GptqRounding.of(new double[4], 2).round(new float[] {.6f, -.6f}, WHOLE, 2))
                .containsExactly(1, -1);
    }

    @Test
    void theErrorIsNeverLargerThanThatOfNearestRoundingAndMostlyMuchSmaller() {
        Random random = new Random(5);
        double nearestSum = 0;
        double roundedSum = 0;
        for (int trial = 0; trial < 50; trial++) {
            int size = 1 + random.nextInt(24);
            double[] moments = moments(random, size);
            float[] weights = new float[size];
            float[] nearest = new float[size];
            for (int i = 0; i < size; i++) {
                weights[i] = (float) (3 * random.nextGaussian());
                nearest[i] = WHOLE.round(weights[i], i);
            }
            GptqRounding feedback = GptqRounding.of(moments, size);
            float[] rounded = feedback.round(weights, WHOLE, 2);
            assertThat(feedback.error(weights, rounded)).isLessThanOrEqualTo(feedback.error(weights, nearest) + 1e-9);
            nearestSum += feedback.error(weights, nearest);
            roundedSum += feedback.error(weights, rounded);
        }
        assertThat(roundedSum).isLessThan(nearestSum / 2);
    }

    /** A weight that may move freely to make up for the others settles where the closed-form least squares has it. */
    @Test
    void aFreeWeightEndsAtTheLeastSquaresSolution() {
        double[] moments = {4, 1, 1, 1};
        // Column 0 has the larger moment and is rounded first: error 0.4. The other is free: w1 - (-e H01 / H11) = 0.3
        // + 0.4.
        float[] rounded = GptqRounding.of(moments, 2)
                .round(new float[] {2.4f, .3f}, (w, c) -> w > 1 ? (float) Math.rint(w) : w, 0);
        assertThat(rounded[0]).isEqualTo(2);
        assertThat(rounded[1]).isCloseTo(.7f, within(.02f));
    }

    private static double[] moments(Random random, int size) {
        int rank = Math.max(1, size / 3);
        double[] moments = new double[size * size];
        for (int r = 0; r < rank; r++) {
            double[] x = random.doubles(size).toArray();
            for (int i = 0; i < size; i++) {
                for (int j = 0; j < size; j++) {
                    moments[i * size + j] += x[i] * x[j];
                }
            }
        }
        return moments;
    }
}
