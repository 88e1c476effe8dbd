package dev.detent.host.record;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.host.analyze.Analysis;
import dev.detent.host.analyze.AnalysisEffort;
import dev.detent.host.analyze.Cure;
import dev.detent.host.analyze.OutputErrors;
import dev.detent.host.analyze.Unit;
import dev.detent.report.Json;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AnalysisCodecTest {

    /** A cure that takes all of the error away gains without end, which ended 'analyze' with exit code 70. */
    @Test
    void jsonHasNoInfinity() {
        OutputErrors.Score exact = new OutputErrors.Score(0, Map.of("y", 0.0), Map.of("y", Double.NaN));
        OutputErrors.Score broken = new OutputErrors.Score(
                Double.POSITIVE_INFINITY,
                Map.of("y", Double.POSITIVE_INFINITY, "z", 0.0),
                Map.of("y", Double.NEGATIVE_INFINITY, "z", 0.0));
        Analysis analysis = new Analysis(
                new AnalysisEffort(1, 0, 1, EnumSet.of(Unit.Kind.LAYER)),
                new Analysis.Whole(broken, exact, broken),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of(new Analysis.Slice("y", 0, 4, Double.NEGATIVE_INFINITY, Double.NaN)));
        Cure cure = new Cure("keep 'c' in float", "--keep-float c", Double.POSITIVE_INFINITY, 1);
        assertThat(Json.pretty(AnalysisCodec.write(analysis, List.of(cure))))
                .contains("\"gain\": 999", "\"snr\": -999")
                .doesNotContain("Infinity", "NaN");
    }
}
