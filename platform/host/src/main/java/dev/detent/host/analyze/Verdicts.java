package dev.detent.host.analyze;

import dev.detent.host.evaluate.Evaluation;
import dev.detent.host.evaluate.EvaluationMetrics;
import dev.detent.report.Report;
import dev.detent.report.TablePage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * How good a run's result is, as a sentence with a grade. Measured on evaluation data where there are some, on a few
 * calibration samples otherwise.
 */
public final class Verdicts {

    /** Points of top-1 that may be lost. */
    private static final double GOOD_DROP = 1;

    private static final double FAIR_DROP = 3;

    /** Share of rows whose winner stays. */
    private static final double GOOD_AGREEMENT = 0.95;

    private static final double FAIR_AGREEMENT = 0.9;

    /** dB of the outputs: a tenth and a quarter of the signal's size as noise. */
    private static final double GOOD_SNR = 20;

    private static final double FAIR_SNR = 12;

    /** dB by which a part of an output must be worse than the outputs together to be worth a sentence. */
    private static final double HIDDEN = 6;

    private static final String NOT_FINITE = "give NaN or infinity where the float model does not";

    private Verdicts() {}

    /** The verdict, with cures that were tried where it is not good. */
    public static Report.Verdict of(
            Map<String, EvaluationMetrics> scores, Optional<Analysis> analysis, List<Cure> cures) {
        Report.Verdict verdict = scores.containsKey("simulated")
                ? evaluated(scores)
                : analysis.map(Verdicts::sampled)
                        .orElse(new Report.Verdict(
                                Report.Grade.UNKNOWN,
                                "How good it is was not measured: give --evaluate DATA to learn it.",
                                List.of()));
        List<Report.Advice> next = new ArrayList<>();
        if (isBad(verdict)) {
            boolean finite =
                    analysis.map(a -> isFinite(a.whole().quantized().snr())).orElse(true);
            analysis.map(Verdicts::split).ifPresent(next::add);
            cures.stream()
                    .limit(4)
                    .map(c -> new Report.Advice(
                            capital(c.text()) + ": " + gained(c, finite) + ", tried on this model.", c.option()))
                    .forEach(next::add);
            if (cures.isEmpty() && analysis.isPresent()) {
                next.add(new Report.Advice(noCure(analysis.get()), ""));
            }
        }
        if (!scores.containsKey("simulated") && verdict.grade() != Report.Grade.UNKNOWN) {
            next.add(new Report.Advice("Score it on data of its own:", "--evaluate DATA --labels FILE"));
        }
        return new Report.Verdict(
                verdict.grade(),
                verdict.sentence() + analysis.map(Verdicts::hidden).orElse(""),
                next);
    }

    /** A gain without end starts at values that are no numbers, or ends at the float model's outputs. */
    private static String gained(Cure c, boolean finite) {
        return Double.isFinite(c.gain())
                ? String.format(Locale.ROOT, "+%.1f dB at the outputs", c.gain())
                : finite
                        ? "the outputs are the float model's again"
                        : "no NaN or infinity is left where the float model has none";
    }

    /** Whether the result is so that a person would want to know what helps. */
    public static boolean needsCure(Map<String, EvaluationMetrics> scores, Analysis analysis) {
        return isBad(of(scores, Optional.of(analysis), List.of()));
    }

    private static boolean isBad(Report.Verdict verdict) {
        return verdict.grade() == Report.Grade.FAIR || verdict.grade() == Report.Grade.POOR;
    }

    /** What the large values of an output hide: where its columns differ in size, the worst of them. */
    private static String hidden(Analysis a) {
        return a.slices().stream()
                .findFirst()
                .filter(worst -> worst.snr() < FAIR_SNR && a.whole().quantized().snr() > worst.snr() + HIDDEN)
                .map(worst -> " Large values hide small ones: " + worst.name() + ": "
                        + TablePage.decibels(worst.snr())
                        + " alone; if they are scores, judge by what they decide ('detent metrics').")
                .orElse("");
    }

    private static String noCure(Analysis a) {
        return a.layers().isEmpty()
                ? "Layers were not judged one by one: run 'detent analyze'."
                : String.format(
                        Locale.ROOT,
                        "No single layer is to blame: the cures tried on the worst layers gained less than %.1f dB.",
                        Cures.WORTH_SAYING);
    }

    private static String capital(String text) {
        return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
    }

    private static Report.Advice split(Analysis a) {
        double weights = a.whole().weightsOnly().snr();
        double activations = a.whole().activationsOnly().snr();
        return new Report.Advice(
                "Quantized weights alone " + left(weights) + ", quantized activations alone " + left(activations) + ": "
                        + (weights > activations + 3
                                ? "it is the activations."
                                : activations > weights + 3 ? "it is the weights." : "it is both."),
                "");
    }

    private static String left(double snr) {
        return isFinite(snr) ? "leave " + TablePage.decibels(snr) : NOT_FINITE;
    }

    private static boolean isFinite(double snr) {
        return snr > Double.NEGATIVE_INFINITY;
    }

    private static Report.Verdict evaluated(Map<String, EvaluationMetrics> scores) {
        EvaluationMetrics reference = scores.get("float");
        EvaluationMetrics mine = scores.getOrDefault("exported", scores.get("simulated"));
        if (mine == null) {
            throw new IllegalArgumentException("no scores of a quantized model");
        }
        if (reference != null && Evaluation.chance(reference, "").isPresent()) {
            return new Report.Verdict(
                    Report.Grade.UNKNOWN,
                    "The float model itself is no better than chance on these labels: nothing can be said of the quantized "
                            + "one.",
                    List.of());
        }
        if (reference != null && reference.top1().isPresent() && mine.top1().isPresent()) {
            double drop = 100 * (reference.top1().get() - mine.top1().get());
            Report.Grade grade = grade(-drop, -GOOD_DROP, -FAIR_DROP);
            return verdict(
                    grade,
                    mine.top1().equals(reference.top1())
                            ? String.format(
                                    Locale.ROOT,
                                    "Top-1 stays at %.2f %% on %d samples",
                                    100 * mine.top1().get(),
                                    mine.samples())
                            : String.format(
                                    Locale.ROOT,
                                    "Top-1 %s %.1f points, from %.2f %% to %.2f %%, on %d samples",
                                    drop >= 0 ? "falls" : "rises",
                                    Math.abs(drop),
                                    100 * reference.top1().get(),
                                    100 * mine.top1().get(),
                                    mine.samples()));
        }
        if (mine.outputs().size() > 1) {
            Map.Entry<String, Double> worst = mine.outputs().entrySet().stream()
                    .min(Map.Entry.comparingByValue())
                    .orElseThrow();
            return verdict(
                    grade(worst.getValue(), GOOD_SNR, FAIR_SNR),
                    "The outputs " + kept(mine.snr()) + " on " + mine.samples() + " samples, the worst of them, '"
                            + worst.getKey()
                            + (isFinite(worst.getValue()) ? "', " + TablePage.decibels(worst.getValue()) : "'"));
        }
        Report.Grade bySnr = grade(mine.snr(), GOOD_SNR, FAIR_SNR);
        if (!mine.hasClasses()) {
            return verdict(bySnr, "The outputs " + kept(mine.snr()) + " on " + mine.samples() + " samples");
        }
        Report.Grade byRows = grade(mine.agreement(), GOOD_AGREEMENT, FAIR_AGREEMENT);
        return verdict(
                bySnr.compareTo(byRows) < 0 && mine.agreement() < 1 ? byRows : bySnr,
                String.format(
                        Locale.ROOT,
                        "The outputs %s, and %.1f %% of the rows keep their largest value, on %d samples",
                        kept(mine.snr()),
                        100 * mine.agreement(),
                        mine.samples()));
    }

    private static Report.Verdict sampled(Analysis a) {
        double snr = a.whole().quantized().snr();
        return verdict(grade(snr, GOOD_SNR, FAIR_SNR), "On a few calibration samples the outputs " + kept(snr));
    }

    private static String kept(double snr) {
        if (!isFinite(snr)) {
            return NOT_FINITE;
        }
        String told = TablePage.decibels(snr);
        return told.equals(TablePage.EXACT) ? "are the float model's" : "keep " + told + " of signal over noise";
    }

    private static Report.Grade grade(double value, double good, double fair) {
        return value >= good ? Report.Grade.GOOD : value >= fair ? Report.Grade.FAIR : Report.Grade.POOR;
    }

    private static Report.Verdict verdict(Report.Grade grade, String what) {
        return new Report.Verdict(grade, what + ": " + grade.name().toLowerCase(Locale.ROOT) + ".", List.of());
    }
}
