package dev.detent.cli;

import dev.detent.host.evaluate.EvaluationMetrics;
import dev.detent.spi.problem.UserException;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The least score with which a run counts as done, for scripts: {@code agreement=95%}, {@code top-1=70%} or
 * {@code snr=20}.
 */
record FailBelow(Metric metric, double least) {

    enum Metric {
        AGREEMENT("agreement", "%"),
        TOP_1("top-1", "%"),
        SNR("snr", " dB");

        private final String word;
        private final String unit;

        Metric(String word, String unit) {
            this.word = word;
            this.unit = unit;
        }
    }

    static FailBelow parse(String text) {
        String[] pair = text.split("=", 2);
        for (Metric m : Metric.values()) {
            if (pair.length == 2 && pair[0].trim().toLowerCase(Locale.ROOT).equals(m.word)) {
                try {
                    return new FailBelow(
                            m,
                            Double.parseDouble(pair[1].replaceAll("(%|dB)$", "").trim()));
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
