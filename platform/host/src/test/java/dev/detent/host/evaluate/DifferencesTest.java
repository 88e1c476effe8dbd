package dev.detent.host.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.problem.Problem;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DifferencesTest {

    private static final double NOT_FINITE = Double.NEGATIVE_INFINITY;

    private static EvaluationMetrics scores(double y, double z) {
        double worst = Math.min(y, z);
        return new EvaluationMetrics(8, 1, Optional.empty(), worst, true, Map.of("y", y, "z", z), 0);
    }

    /** An output that is not finite hid that integer sums overflow in the others. */
    @Test
    void oneOutputThatIsNotFiniteHidesNoLossOfAnother() {
        assertThat(scores(26, NOT_FINITE).behind(scores(37, NOT_FINITE))).isEqualTo(11);
        assertThat(scores(26, 40).behind(scores(37, 40))).isEqualTo(11);
        assertThat(scores(NOT_FINITE, NOT_FINITE).behind(scores(NOT_FINITE, NOT_FINITE)))
                .isZero();
    }

    @Test
    void bothAreTold() {
        Map<String, EvaluationMetrics> scores = Map.of(
                "float", scores(Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY),
                "simulated", scores(37, NOT_FINITE),
                "exported", scores(26, NOT_FINITE),
                "exact", scores(37, NOT_FINITE));
        assertThat(Evaluation.differences(scores)).extracting(Problem::id).containsExactly("DT-EVA-008", "DT-EVA-004");
    }
}
