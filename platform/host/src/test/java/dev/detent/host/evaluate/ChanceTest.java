package dev.detent.host.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Labels or preprocessing that do not belong to the model show in its own score. */
class ChanceTest {

    private static EvaluationMetrics floats(int samples, double top1, int classes) {
        return new EvaluationMetrics(samples, 1, Optional.of(top1), Double.POSITIVE_INFINITY, true, Map.of(), classes);
    }

    /** 9.95 % of ten classes and nothing of a thousand are what wrong data gave (reference/ux-2.md, 0.4). */
    @ParameterizedTest
    @CsvSource({"2000, 0.0995, 10", "300, 0, 1000", "100, 0.12, 10", "8, 0, 10"})
    void noBetterThanAGuess(int samples, double top1, int classes) {
        assertThat(Evaluation.chance(floats(samples, top1, classes), "data"))
                .hasValueSatisfying(p -> assertThat(p.id()).isEqualTo("DT-EVA-015"));
    }

    @ParameterizedTest
    @CsvSource({"2000, 0.6, 10", "300, 0.84, 1000", "100, 0.3, 10", "300, 0.5, 0"})
    void betterOrNotKnown(int samples, double top1, int classes) {
        assertThat(Evaluation.chance(floats(samples, top1, classes), "data")).isEmpty();
    }
}
