package dev.detent.host.search;

import dev.detent.host.evaluate.AskedMetric;
import dev.detent.host.evaluate.Evaluation;
import dev.detent.host.evaluate.EvaluationMetrics;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/** What a mix must hold on the evaluation data. */
public sealed interface Goal {

    /** How far the goal is held: from 0 on it is; below, by how much it is missed. */
    double margin(Evaluation.Scores scores);

    /**
     * What is lost, on a scale that goes with the root of the noise. Damage and margin add up to what the goal bears.
     */
    double damage(Evaluation.Scores scores);

    /** The score that counts, for people, e.g. {@code agreement 98.33 %}. */
    String show(Evaluation.Scores scores);

    /** The number that it names, as it was given: {@link Object#toString} rounds it for people. */
    double bound();

    /** Metrics to gather besides the usual scores. */
    default List<AskedMetric> metrics() {
        return List.of();
    }

    /**
     * A share that may fall so far below the float model's: top-1 where there are labels, agreement with the float
     * model otherwise.
     *
     * @param most 0..1
     * @param floats scores of the float model
     */
    record Drop(double most, EvaluationMetrics floats) implements Goal {

        private double value(Evaluation.Scores scores) {
            return scores.usual().top1().orElseGet(() -> scores.usual().agreement());
        }

        @Override
        public double bound() {
            return most;
        }

        @Override
        public double margin(Evaluation.Scores scores) {
            return most - (floats.top1().orElse(1.0) - value(scores));
        }

        @Override
        public double damage(Evaluation.Scores scores) {
            return Math.max(0, most - margin(scores));
        }

        @Override
        public String show(Evaluation.Scores scores) {
            return (scores.usual().top1().isPresent() ? "top-1 " : "agreement ") + percent(value(scores));
        }

        @Override
        public String toString() {
            return (floats.top1().isPresent() ? "top-1 at most " : "agreement at most ") + percent(most)
                    + " below the float model's";
        }
    }

    /**
     * At least this share of decisions as the float model's.
     *
     * @param least 0..1
     */
    record Agreement(double least) implements Goal {

        @Override
        public double bound() {
            return least;
        }

        @Override
        public double margin(Evaluation.Scores scores) {
            return scores.usual().agreement() - least;
        }

        @Override
        public double damage(Evaluation.Scores scores) {
            return 1 - scores.usual().agreement();
        }

        @Override
        public String show(Evaluation.Scores scores) {
            return "agreement " + percent(scores.usual().agreement());
        }

        @Override
        public String toString() {
            return "agreement of at least " + percent(least);
        }
    }

    /**
     * At least this signal-to-noise ratio of the outputs.
     *
     * @param least in dB
     */
    record Snr(double least) implements Goal {

        private static double amplitude(double decibels) {
            return Math.pow(10, -decibels / 20);
        }

        @Override
        public double bound() {
            return least;
        }

        @Override
        public double margin(Evaluation.Scores scores) {
            return amplitude(least) - damage(scores);
        }

        @Override
        public double damage(Evaluation.Scores scores) {
            double snr = scores.usual().snr();
            return snr == Double.NEGATIVE_INFINITY ? Double.MAX_VALUE : amplitude(snr);
        }

        @Override
        public String show(Evaluation.Scores scores) {
            return String.format(Locale.ROOT, "SNR %.1f dB", scores.usual().snr());
        }

        @Override
        public String toString() {
            return String.format(Locale.ROOT, "SNR of at least %.1f dB", least);
        }
    }

    /**
     * At least this value of a plugin's metric, of which 1 is the float model.
     *
     * @param least usually 0..1
     */
    record Measure(AskedMetric metric, double least) implements Goal {

        private double value(Evaluation.Scores scores) {
            return Objects.requireNonNull(scores.asked().get(metric.metric().id()));
        }

        @Override
        public double bound() {
            return least;
        }

        @Override
        public double margin(Evaluation.Scores scores) {
            return value(scores) - least;
        }

        @Override
        public double damage(Evaluation.Scores scores) {
            return Math.max(0, 1 - value(scores));
        }

        @Override
        public String show(Evaluation.Scores scores) {
            return String.format(Locale.ROOT, "%s %.4f", metric.metric().id(), value(scores));
        }

        @Override
        public List<AskedMetric> metrics() {
            return List.of(metric);
        }

        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT, "%s of at least %.4f", metric.metric().id(), least);
        }
    }

    /**
     * At least this number from a person's own command.
     *
     * @param id under which it stands among the scores that were asked for
     */
    record Command(String id, double least) implements Goal {

        /** Nobody knows the number's scale: a twentieth of the goal is taken for what it bears. */
        private static final double BEARABLE = 0.05;

        private double value(Evaluation.Scores scores) {
            return Objects.requireNonNull(scores.asked().get(id));
        }

        @Override
        public double bound() {
            return least;
        }

        @Override
        public double margin(Evaluation.Scores scores) {
            return value(scores) - least;
        }

        @Override
        public double damage(Evaluation.Scores scores) {
            return Math.max(0, BEARABLE * Math.abs(least) - margin(scores));
        }

        @Override
        public String show(Evaluation.Scores scores) {
            return String.format(Locale.ROOT, "%s %.6g", id, value(scores));
        }

        @Override
        public String toString() {
            return String.format(Locale.ROOT, "%s of at least %.6g", id, least);
        }
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.2f %%", 100 * share);
    }
}
