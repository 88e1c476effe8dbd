package dev.detent.host.record;

import dev.detent.host.analyze.Measurements;
import dev.detent.host.artifact.OutputNames;
import dev.detent.host.artifact.RecordSeal;
import dev.detent.host.artifact.TargetDirectory;
import dev.detent.host.evaluate.Probe;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.plan.PlannedTarget;
import dev.detent.host.plan.Step;
import dev.detent.kernel.Journal;
import dev.detent.report.HtmlReport;
import dev.detent.report.Json;
import dev.detent.report.ReportPage;
import dev.detent.spi.graph.Node;
import dev.detent.spi.problem.Problem;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
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
public record RunReportWriter(
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
        save(folder, OutputNames.REPORT, ReportPage.render(RunReport.of(this, folder)));
        // The last: it lists the others.
        Map<String, Object> record = provenance(this);
        record.put("files", folder.digests());
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
                result.journal().ruled().stream().map(RunReportWriter::ruled).forEach(rows::add);
            }
            result.journal().entries().subList(done.firstEntry(), done.firstEntry() + done.entries()).stream()
                    .map(RunReportWriter::transition)
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

    private static Map<String, Object> provenance(RunReportWriter w) {
        Map<String, Object> p = new LinkedHashMap<>();
        p.put("detent", w.version());
        Map<String, Object> model = new LinkedHashMap<>();
        model.put("file", w.model().file().getFileName().toString());
        model.put("sha256", w.model().digest().sha256());
        w.model().weights().ifPresent(f -> {
            model.put("weights", f.file().getFileName().toString());
            model.put("weights_sha256", f.digest().sha256());
        });
        p.put("model", model);
        p.put("target", w.target().id());
        p.put("format", w.target().exporter().id());
        p.put("plugin", w.target().plan().plugin());
        Map<String, Object> data = new LinkedHashMap<>();
        w.calibration().place().ifPresent(place -> {
            data.put("name", place.getFileName().toString());
            data.put("sha256", w.calibration().sha256().orElseThrow());
        });
        data.put("samples", w.calibration().samples());
        data.put("preprocessing", w.calibration().preprocessing().toString());
        p.put("calibration", data);
        p.put("dispatcher", w.target().plan().plan().dispatcher());
        p.put(
                "plan",
                w.target().plan().plan().steps().stream()
                        .map(s -> {
                            Map<String, Object> step = new LinkedHashMap<>();
                            step.put("pass", s.id());
                            step.put("plugin", s.plugin());
                            step.put(
                                    "options",
                                    new java.util.TreeMap<>(s.options().values()));
                            return step;
                        })
                        .toList());
        p.put("configs", QuantizationStateCodec.write(w.result().configs()));
        Map<String, Object> prints = new LinkedHashMap<>();
        w.measured()
                .prints()
                .layers()
                .forEach((slot, f) -> prints.put(slot.toString(), List.of(f.norm(), f.projection())));
        p.put("fingerprints", prints);
        Map<String, Object> probe = probe(w.measured().prints().probe());
        if (!probe.isEmpty()) {
            p.put("probe", probe);
        }
        Map<String, Object> floats = new LinkedHashMap<>();
        w.result()
                .graph()
                .nodes()
                .forEach(n -> ReportExplorer.whyFloat(n, w.result(), w.target())
                        .ifPresent(why -> floats.put(n.name(), floating(n, why))));
        p.put("float", floats);
        p.put("problems", w.problems().stream().map(Problem::toString).toList());
        Map<String, Object> scores = new LinkedHashMap<>();
        w.measured().scores().forEach((k, s) -> {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("samples", s.samples());
            s.top1().ifPresent(t -> row.put("top1", t));
            row.put("agreement", s.agreement());
            row.put("snr", decibels(s.snr()));
            if (s.outputs().size() > 1) {
                Map<String, Object> outputs = new LinkedHashMap<>();
                s.outputs().forEach((name, snr) -> outputs.put(name, decibels(snr)));
                row.put("outputs", outputs);
            }
            scores.put(k, row);
        });
        p.put("scores", scores);
        return p;
    }

    /** {@link RunDirectory#probe} reads it. */
    private static Map<String, Object> probe(Probe probe) {
        Map<String, Object> inputs = new LinkedHashMap<>();
        probe.inputs().forEach((name, in) -> {
            Map<String, Object> input = new LinkedHashMap<>();
            input.put("type", in.type().name());
            input.put("shape", Arrays.stream(in.shape()).boxed().toList());
            input.put("values", Base64.getEncoder().encodeToString(in.values()));
            inputs.put(name, input);
        });
        return inputs;
    }

    private static Map<String, Object> floating(Node n, String why) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("type", n.opType());
        row.put("outputs", n.outputs());
        row.put("why", why);
        return row;
    }

    private static Object decibels(double snr) {
        return Double.isFinite(snr) ? (Object) snr : HtmlReport.decibels(snr);
    }
}
