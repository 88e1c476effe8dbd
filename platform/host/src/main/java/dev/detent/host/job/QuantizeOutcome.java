package dev.detent.host.job;

import dev.detent.host.analyze.Measurements;
import dev.detent.host.analyze.Verdicts;
import dev.detent.host.evaluate.EvaluationMetrics;
import dev.detent.host.evaluate.LayerErrors;
import dev.detent.host.record.ModelFacts;
import dev.detent.report.Report;
import dev.detent.spi.problem.Problem;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What came of a job for one target.
 *
 * @param out where the files are
 * @param files what was written, with sizes in bytes
 * @param nodes how many nodes are quantized
 * @param samples how many calibration samples were there
 */
public record QuantizeOutcome(
        Path out,
        Files files,
        ModelFacts model,
        Measurements measured,
        List<Problem> problems,
        int nodes,
        int samples) {

    /**
     * @param sizes in bytes, by name
     * @param runnable names of those that ONNX Runtime can run as quantized
     */
    public record Files(Map<String, Long> sizes, List<String> runnable) {}

    /** See {@link Measurements#scores}. */
    public Map<String, EvaluationMetrics> scores() {
        return measured.scores();
    }

    /** How good the result is, in a sentence, and what to do next. */
    public Report.Verdict verdict() {
        return Verdicts.of(measured.scores(), measured.analysis(), measured.cures());
    }

    /** The verdict in a sentence. */
    public String verdictSentence() {
        return verdict().sentence();
    }

    /** What was tried on this model and helps, with the option to type; nothing where the result is good. */
    public List<String> advice() {
        Report.Verdict verdict = verdict();
        return verdict.grade() == Report.Grade.FAIR || verdict.grade() == Report.Grade.POOR
                ? verdict.next().stream()
                        .map(a -> a.text() + (a.option().isEmpty() ? "" : " " + a.option()))
                        .toList()
                : List.of();
    }

    /** See {@link Measurements#layers}. */
    public List<LayerErrors.Layer> layers() {
        return measured.layers();
    }

    /** The file that ONNX Runtime can run as quantized, if there is one. */
    public Optional<Path> runnable() {
        return files.runnable().stream().findFirst().map(out::resolve);
    }
}
