package dev.detent.cli;

import dev.detent.host.evaluate.EvaluationMetrics;
import dev.detent.spi.problem.UserException;
import java.math.BigDecimal;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The least score with which a run counts as done, for scripts: {@code agreement=95%}, {@code top-1=70%} or
 * {@code snr=20}.
 */
record FailBelow(Metric metric, double least) {

    enum Metric {
        AGREEMENT("agreement", "%", true),
        TOP_1("top-1", "%", true),
        SNR("snr", " dB", false);

        private final String word;
        private final String unit;
        private final boolean share;

        /** @param share it is a part of the samples, which people also write as a number up to 1 */
        Metric(String word, String unit, boolean share) {
            this.word = word;
            this.unit = unit;
            this.share = share;
        }

        /** The least value, with or without the metric's own unit. */
        private double read(String text) {
            String given = text.trim();
            boolean bare = !given.endsWith(unit.trim());
            double value = Double.parseDouble(
                    bare
                            ? given
                            : given.substring(0, given.length() - unit.trim().length())
                                    .trim());
            if (share && bare && value > 0 && value <= 1) {
                throw new UserException(
                        CliProblems.FAIL_BELOW,
                        "'" + given + "' may be a share or a percentage; write " + word + "="
                                + new BigDecimal(given)
                                        .movePointRight(2)
                                        .stripTrailingZeros()
                                        .toPlainString() + "% or " + word + "=" + given + "%",
                        "--fail-below");
            }
            return value;
        }
    }

    static FailBelow parse(String text) {
        String[] pair = text.split("=", 2);
        for (Metric m : Metric.values()) {
            if (pair.length == 2 && pair[0].trim().toLowerCase(Locale.ROOT).equals(m.word)) {
                try {
                    return new FailBelow(m, m.read(pair[1]));
                } catch (NumberFormatException e) {
                    throw new UserException(
                            CliProblems.FAIL_BELOW, "'" + pair[1] + "' is no number", "--fail-below", e);
                }
            }
        }
        throw new UserException(
                CliProblems.FAIL_BELOW, "'" + text + "' is not agreement=95%, top-1=70% or snr=20", "--fail-below");
    }

    /** What does not hold, as a sentence; the exported file counts where it was run, the simulation otherwise. */
    Optional<String> broken(Map<String, EvaluationMetrics> scores) {
        String row = scores.containsKey("exported") ? "exported" : "simulated";
        EvaluationMetrics m = scores.get(row);
        if (m == null) {
            return Optional.of("no score was measured");
        }
        Optional<Double> value = switch (metric) {
            case AGREEMENT -> Optional.of(100 * m.agreement());
            case TOP_1 -> m.top1().map(t -> 100 * t);
            case SNR -> Optional.of(m.snr());
        };
        if (value.isEmpty()) {
            return Optional.of("top-1 needs labels: give --labels");
        }
        return value.filter(v -> !(v >= least))
                .map(v -> String.format(
                        Locale.ROOT,
                        "%s of the %s model is %.2f%s, below %s%s",
                        metric.word,
                        row,
                        v,
                        metric.unit,
                        least,
                        metric.unit));
    }
}
