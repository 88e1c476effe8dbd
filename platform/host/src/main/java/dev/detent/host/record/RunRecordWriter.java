package dev.detent.host.record;

import dev.detent.host.analyze.Measurements;
import dev.detent.host.artifact.FileDigest;
import dev.detent.host.artifact.OutputNames;
import dev.detent.host.artifact.TargetDirectory;
import dev.detent.host.evaluate.EvaluationMetrics;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.plan.PlannedTarget;
import dev.detent.report.HtmlReport;
import dev.detent.report.Json;
import dev.detent.spi.problem.Problem;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a run writes beside the target's files, and what it is made of.
 *
 * @param version Detent's
 * @param problems everything a person should know
 */
public record RunRecordWriter(
        String version,
        ModelFacts model,
        CalibrationFacts calibration,
        PlannedTarget target,
        Pipeline.Result result,
        Measurements measured,
        List<Problem> problems) {

    /** Writes {@code journal.json}, {@code report.html} and {@code detent.json}. */
    public void write(TargetDirectory folder) {
        save(folder, OutputNames.JOURNAL, RunJournal.of(result).json());
        measured.analysis()
                .filter(a -> a.samples().isWhole())
                .ifPresent(
                        a -> save(folder, OutputNames.ANALYSIS, Json.pretty(AnalysisCodec.write(a, measured.cures()))));
        save(folder, OutputNames.REPORT, HtmlReport.render(RunReport.of(this, folder)));
        // The last: it lists the others.
        folder.writeRecord(RunRecordCodec.write(record(folder)));
    }

    private static void save(TargetDirectory folder, String name, String content) {
        folder.write(name, content.getBytes(StandardCharsets.UTF_8));
    }

    private RunRecord record(TargetDirectory folder) {
        Map<String, RunRecord.FloatNode> floats = new LinkedHashMap<>();
        result.whole()
                .forEach(part -> part.graph()
                        .nodes()
                        .forEach(n -> ReportExplorer.whyFloat(n, part, target)
                                .ifPresent(why ->
                                        floats.put(n.name(), new RunRecord.FloatNode(n.opType(), n.outputs(), why)))));
        Map<String, RunRecord.ScoreEntry> scores = new LinkedHashMap<>();
        measured.scores().forEach((of, s) -> scores.put(of, score(s)));
        return new RunRecord(
                version,
                new RunRecord.ModelEntry(
                        file(model.file(), model.digest().sha256()),
                        model.weights().map(f -> file(f.file(), f.digest().sha256()))),
                new RunRecord.TargetEntry(
                        target.id(), target.exporter().id(), target.plan().plugin()),
                new RunRecord.CalibrationEntry(
                        calibration
                                .place()
                                .map(place -> file(place, calibration.sha256().orElseThrow())),
                        calibration.samples(),
                        calibration.preprocessing().toString()),
                new RunRecord.PlanEntry(
                        target.plan().plan().dispatcher(),
                        target.plan().plan().steps().stream()
                                .map(s -> new RunRecord.StepEntry(
                                        s.id(), s.plugin(), s.options().values()))
                                .toList()),
                new RunRecord.ModelResult(
                        result.whole()
                                .flatMap(part -> RecordedConfigs.of(part.configs()).stream())
                                .toList(),
                        measured.prints().layers(),
                        measured.prints().probe(),
                        floats),
                new RunRecord.Outcome(problems.stream().map(Problem::toString).toList(), scores, folder.digests()));
    }

    private static FileDigest file(Path file, String sha256) {
        return new FileDigest(file.getFileName().toString(), sha256);
    }

    private static RunRecord.ScoreEntry score(EvaluationMetrics s) {
        return new RunRecord.ScoreEntry(
                s.samples(), s.top1(), s.agreement(), s.snr(), s.outputs().size() > 1 ? s.outputs() : Map.of());
    }
}
