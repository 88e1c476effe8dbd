package dev.detent.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.host.evaluate.EvaluationMetrics;
import dev.detent.spi.problem.UserException;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The least score with which a run counts as done. */
class FailBelowTest {

    private static EvaluationMetrics scores(double agreement, double snr) {
        return new EvaluationMetrics(10, agreement, Optional.empty(), snr, true, Map.of(), 10);
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

    /** Others write 0.95 for 95 %; taken as 0.95 %, every run would pass. */
    @ParameterizedTest
    @CsvSource({"agreement=0.95,agreement=95%", "top-1=0.701,top-1=70.1%", "agreement=1,agreement=100%"})
    void aShareIsNotTakenForAPercentage(String text, String instead) {
        assertThatThrownBy(() -> FailBelow.parse(text))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("write " + instead + " or");
    }

    @Test
    void smallPercentagesAndRatiosCanBeSaid() {
        assertThat(FailBelow.parse("agreement=0.95%").least()).isEqualTo(0.95);
        assertThat(FailBelow.parse("snr=0.5 dB").least()).isEqualTo(0.5);
        assertThat(FailBelow.parse("snr=0.5").least()).isEqualTo(0.5);
    }

    @ParameterizedTest
    @ValueSource(strings = {"95", "map=3", "snr=much", "snr=20%", "agreement=95dB", "top-1=", "agreement=%"})
    void whatCannotBeReadIsOneSentence(String text) {
        assertThatThrownBy(() -> FailBelow.parse(text))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("DT-CLI-060");
    }
}
