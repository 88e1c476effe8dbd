package dev.detent.host.record;

import dev.detent.host.analyze.Measurements;
import dev.detent.host.artifact.FileDigest;
import dev.detent.host.artifact.OutputNames;
import dev.detent.host.artifact.RecordSeal;
import dev.detent.host.artifact.TargetDirectory;
import dev.detent.host.evaluate.EvaluationMetrics;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.plan.PlannedTarget;
import dev.detent.host.plan.Step;
import dev.detent.kernel.Journal;
import dev.detent.report.HtmlReport;
import dev.detent.report.Json;
import dev.detent.spi.graph.Node;
import dev.detent.spi.problem.Problem;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

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
        save(folder, OutputNames.JOURNAL, journal(result));
        measured.analysis()
                .filter(a -> a.samples().isWhole())
                .ifPresent(
                        a -> save(folder, OutputNames.ANALYSIS, Json.pretty(AnalysisCodec.write(a, measured.cures()))));
        save(folder, OutputNames.REPORT, HtmlReport.render(RunReport.of(this, folder)));
        // The last: it lists the others.
        Map<String, Object> record = RunRecordCodec.write(record(folder));
        save(folder, OutputNames.RECORD, RecordSeal.seal(Json.pretty(RecordSeal.unsealed(record))));
    }

    private static void save(TargetDirectory folder, String name, String content) {
        folder.write(name, content.getBytes(StandardCharsets.UTF_8));
    }

    /** Every step in order, each followed by the transitions it asked for. */
    private static String journal(Pipeline.Result result) {
        List<Map<String, Object>> rows = new ArrayList<>();
        for (Pipeline.DoneStep done : result.steps()) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("step", done.step().id());
            row.put("plugin", done.step().plugin());
            row.put("transitions", done.entries());
            row.put("reason", done.step().reason());
            rows.add(row);
            if (done.step() instanceof Step.ApplyUserRules) {
                result.journal().ruled().stream().map(RunRecordWriter::ruled).forEach(rows::add);
            }
            result.journal().entries().subList(done.firstEntry(), done.firstEntry() + done.entries()).stream()
                    .map(RunRecordWriter::transition)
                    .forEach(rows::add);
        }
        return rows.stream().map(Json::compact).collect(Collectors.joining(",\n", "[\n", "\n]\n"));
    }

    /** In the form of a transition, so that a slot's life reads as one. */
    private static Map<String, Object> ruled(Journal.Ruled r) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("slot", r.slot().toString());
        row.put("value", r.value());
        row.put("verb", "RULE");
        row.put("from", r.from().name());
        row.put("to", r.to().name());
        row.put("root", r.slot().toString());
        row.put("pass", "user-rules");
        row.put("plugin", r.source());
        row.put("reason", r.what());
        return row;
    }

    private static Map<String, Object> transition(Journal.Entry e) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("slot", e.slot().toString());
        row.put("value", e.value());
        row.put("verb", e.verb().name());
        row.put("from", e.from().name());
        row.put("to", e.to().name());
        row.put("root", e.root().toString());
        row.put("pass", e.pass());
        row.put("plugin", e.plugin());
        row.put("reason", e.reason());
        return row;
    }

    private RunRecord record(TargetDirectory folder) {
        Map<String, RunRecord.FloatNode> floats = new LinkedHashMap<>();
        for (Node n : result.graph().nodes()) {
            ReportExplorer.whyFloat(n, result, target)
                    .ifPresent(why -> floats.put(n.name(), new RunRecord.FloatNode(n.opType(), n.outputs(), why)));
        }
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
                        RecordedConfigs.of(result.configs()),
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
