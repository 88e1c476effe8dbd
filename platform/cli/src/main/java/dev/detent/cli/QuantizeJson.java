package dev.detent.cli;

import dev.detent.host.analyze.RangeSupport;
import dev.detent.host.evaluate.EvaluationMetrics;
import dev.detent.host.evaluate.Speed;
import dev.detent.host.job.QuantizeOutcome;
import dev.detent.spi.problem.Problem;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The result of a run, for {@code --json}. */
final class QuantizeJson {

    private QuantizeJson() {}

    static Map<String, Object> of(String target, QuantizeOutcome o, Optional<Speed> speed) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("target", target);
        map.put("out", o.out().toString());
        map.put("quantizedNodes", o.nodes());
        map.put("nodes", o.model().nodes());
        map.put("samples", o.samples());
        map.put("modelBytes", o.model().bytes());
        map.put("files", o.files().sizes());
        Map<String, Object> scores = new LinkedHashMap<>();
        o.scores().forEach((row, m) -> scores.put(row, of(m)));
        map.put("scores", scores);
        o.measured().ranges().ifPresent(r -> map.put("calibration", of(r)));
        speed.ifPresent(s -> map.put("speed", of(s)));
        map.put(
                "problems",
                o.problems().stream()
                        .filter(p -> p.severity() != Problem.Severity.NOTE)
                        .map(Problem::toString)
                        .toList());
        return map;
    }

    private static Map<String, Object> of(RangeSupport r) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("enough", r.isEnough());
        if (r.isEnough()) {
            row.put("sufficientSamples", r.sufficient());
        }
        row.put("widest", r.widest());
        row.put("growthFromHalf", r.growth());
        row.put("sentence", r.sentence());
        return row;
    }

    private static Map<String, Object> of(Speed s) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("threads", 1);
        row.put("floatMilliseconds", s.floatMillis());
        row.put("quantizedMilliseconds", s.quantizedMillis());
        return row;
    }

    private static Map<String, Object> of(EvaluationMetrics m) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("samples", m.samples());
        m.top1().ifPresent(t -> row.put("top1", t));
        row.put("agreement", m.agreement());
        row.put("snr", Double.isFinite(m.snr()) ? (Object) m.snr() : String.valueOf(m.snr()));
        return row;
    }
}
