package dev.detent.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.host.evaluate.EvaluationMetrics;
import dev.detent.spi.problem.UserException;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The least score with which a run counts as done. */
class FailBelowTest {

    private static EvaluationMetrics scores(double agreement, double snr) {
        return new EvaluationMetrics(10, agreement, Optional.empty(), snr, true, Map.of());
    }

    @Test
    void theExportedFileCountsWhereItWasRun() {
        Map<String, EvaluationMetrics> both = Map.of("simulated", scores(0.99, 30), "exported", scores(0.9, 12));
        assertThat(FailBelow.parse("agreement=95%").broken(both))
                .hasValue("agreement of the exported model is 90.00%, below 95.0%");
        assertThat(FailBelow.parse("snr=20dB").broken(Map.of("simulated", scores(0.99, 30))))
                .isEmpty();
    }

    @Test
    void aScoreThatIsMissingDoesNotHold() {
        assertThat(FailBelow.parse("top-1=70").broken(Map.of("simulated", scores(1, 40))))
                .hasValueSatisfying(s -> assertThat(s).contains("--labels"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"95", "map=3", "snr=much"})
    void whatCannotBeReadIsOneSentence(String text) {
        assertThatThrownBy(() -> FailBelow.parse(text))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("DT-CLI-060");
    }
}
