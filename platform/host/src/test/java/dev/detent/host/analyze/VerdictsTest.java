package dev.detent.host.analyze;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.host.evaluate.EvaluationMetrics;
import dev.detent.report.Report;
import dev.detent.runtime.Variant;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class VerdictsTest {

    private static Analysis analysis(double ratio, List<Analysis.UnitError> layers, Analysis.Slice... slices) {
        OutputErrors.Score score = new OutputErrors.Score(ratio, Map.of("y", ratio), Map.of("y", 0.0));
        return new Analysis(
                new AnalysisEffort(1, 0, 1, EnumSet.of(Unit.Kind.LAYER)),
                new Analysis.Whole(score, score, score),
                layers,
                List.of(),
                List.of(),
                List.of(),
                List.of(slices));
    }

    private static Report.Verdict verdict(Analysis analysis) {
        return Verdicts.of(Map.of(), Optional.of(analysis), List.of());
    }

    /** The cures' trials are dear, and read by nobody then. */
    @Test
    void aGoodResultNeedsNoCure() {
        assertThat(Verdicts.needsCure(Map.of(), analysis(0.001, List.of()))).isFalse();
        assertThat(Verdicts.needsCure(Map.of(), analysis(0.02, List.of()))).isTrue();
        assertThat(Verdicts.needsCure(Map.of(), analysis(0.5, List.of()))).isTrue();
    }

    @Test
    void whatIsNotFiniteIsPoor() {
        Report.Verdict v = verdict(analysis(Double.POSITIVE_INFINITY, List.of()));
        assertThat(v.grade()).isEqualTo(Report.Grade.POOR);
        assertThat(v.sentence())
                .isEqualTo("On a few calibration samples the outputs give NaN or infinity where the float model does "
                        + "not: poor.");
        assertThat(v.next().get(0).text())
                .isEqualTo("Quantized weights alone give NaN or infinity where the float "
                        + "model does not, quantized activations alone give NaN or infinity where the float model does not: "
                        + "it is both.");
    }

    /** "+Infinity dB at the outputs" is no gain that a person can think of. */
    @Test
    void aGainWithoutEndIsSaidInWords() {
        List<Cure> cures = List.of(new Cure("keep 'c' in float", "--keep-float c", Double.POSITIVE_INFINITY, 1));
        assertThat(Verdicts.of(Map.of(), Optional.of(analysis(0.5, List.of())), cures)
                        .next())
                .extracting(Report.Advice::text)
                .contains("Keep 'c' in float: the outputs are the float model's again, tried on this model.");
        assertThat(Verdicts.of(Map.of(), Optional.of(analysis(Double.POSITIVE_INFINITY, List.of())), cures)
                        .next())
                .extracting(Report.Advice::text)
                .contains("Keep 'c' in float: no NaN or infinity is left where the float model has none, tried on "
                        + "this model.");
    }

    @Test
    void whatNoNoiseIsLeftOfIsNotKeptAtAnyNumber() {
        assertThat(verdict(analysis(0, List.of())).sentence())
                .isEqualTo("On a few calibration samples the outputs are the float model's: good.");
        assertThat(verdict(analysis(0.001, List.of())).sentence())
                .isEqualTo("On a few calibration samples the outputs keep 30.0 dB of signal over noise: good.");
    }

    /** A detector's boxes in pixels hide what becomes of its scores. */
    @Test
    void whatLargeColumnsHideIsTold() {
        Analysis.Slice boxes = new Analysis.Slice("y", 0, 4, 36.8, 0);
        Analysis.Slice scores = new Analysis.Slice("y", 4, 22, 4.7, 0);
        assertThat(verdict(analysis(0.001, List.of(), scores, boxes)).sentence())
                .contains(
                        "30.0 dB of signal over noise: good. Large values hide small ones: y, columns 4 to 21: 4.7 dB alone;");
        assertThat(verdict(analysis(0.001, List.of(), boxes)).sentence()).endsWith("good.");
    }

    @Test
    void layersThatNobodyJudgedAreNotAcquitted() {
        assertThat(verdict(analysis(0.5, List.of())).next())
                .extracting(Report.Advice::text)
                .anySatisfy(t -> assertThat(t).contains("run 'detent analyze'"))
                .noneSatisfy(t -> assertThat(t).contains("No single layer"));
    }

    /** Calibration data were given, and a model without an output of floats cannot be judged by them. */
    @Test
    void whatWasNotMeasuredIsNotKnown() {
        Report.Verdict v = Verdicts.of(Map.of(), Optional.empty(), List.of());
        assertThat(v.grade()).isEqualTo(Report.Grade.UNKNOWN);
        assertThat(v.sentence()).doesNotContain("--calibration");
    }

    private static EvaluationMetrics top1(double top1) {
        return new EvaluationMetrics(100, 1, Optional.of(top1), 30, true, Map.of(), 10);
    }

    private static Report.Verdict evaluated(double floats, double quantized) {
        return Verdicts.of(Map.of("float", top1(floats), "simulated", top1(quantized)), Optional.empty(), List.of());
    }

    @Test
    void aFloatModelAtChanceProvesNothing() {
        assertThat(evaluated(0.12, 0.14).grade()).isEqualTo(Report.Grade.UNKNOWN);
        assertThat(evaluated(0.9, 0.92).grade()).isEqualTo(Report.Grade.GOOD);
        assertThat(evaluated(0.9, 0.5).sentence())
                .isEqualTo("Top-1 falls 40.0 points, from 90.00 % to 50.00 %, on 100 samples: poor.");
        assertThat(evaluated(0.9, 0.9).sentence()).isEqualTo("Top-1 stays at 90.00 % on 100 samples: good.");
    }

    @Test
    void sharesOfErrorsThatAreNotFinite() {
        List<Analysis.UnitError> all =
                List.of(error(0.5), error(Double.POSITIVE_INFINITY), error(Double.POSITIVE_INFINITY), error(0));
        assertThat(all.stream().map(u -> Analysis.share(u, all))).containsExactly(0.0, 1.0, 1.0, 0.0);
        List<Analysis.UnitError> finite = List.of(error(0.5), error(1.5));
        assertThat(finite.stream().map(u -> Analysis.share(u, finite))).containsExactly(0.25, 0.75);
    }

    private static Analysis.UnitError error(double ratio) {
        Variant none = new Variant(Variant.Base.FLOAT, Map.of(), Map.of(), Set.of());
        return new Analysis.UnitError(
                new Unit(Unit.Kind.LAYER, "n", "n", "Conv", none, none),
                new OutputErrors.Score(ratio, Map.of(), Map.of()),
                0);
    }
}
