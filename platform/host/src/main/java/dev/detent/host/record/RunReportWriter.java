package dev.detent.host.record;

import dev.detent.host.artifact.OutputNames;
import dev.detent.host.artifact.TargetDirectory;
import dev.detent.host.evaluate.EvaluationMetrics;
import dev.detent.host.evaluate.LayerErrors;
import dev.detent.host.evaluate.LayerFingerprint;
import dev.detent.host.job.PreparedModel;
import dev.detent.host.job.QuantizeRequest;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.plan.Plan;
import dev.detent.kernel.Journal;
import dev.detent.report.HtmlReport;
import dev.detent.report.Json;
import dev.detent.report.Report;
import dev.detent.spi.backend.Target;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.quant.QuantizationState;
import dev.detent.spi.quant.Slot;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a run writes beside the target's files, and what it is made of.
 *
 * @param plugin {@code id version} of the plugin the target comes from
 * @param inputs the model as it was read, and the digests of what was read
 * @param samples calibration samples
 * @param fingerprints of every layer in the run's own simulation
 */
public record RunReportWriter(
        String version,
        String plugin,
        QuantizeRequest request,
        Target target,
        Exporter exporter,
        Plan plan,
        Pipeline.Result result,
        List<LayerErrors.Layer> layers,
        List<Problem> problems,
        Map<String, EvaluationMetrics> scores,
        TargetDirectory folder,
        PreparedModel inputs,
        int samples,
        Map<Slot, LayerFingerprint> fingerprints) {

    /** Writes {@code journal.json}, {@code report.html} and {@code detent.json}. */
    public static void write(RunReportWriter w) {
        save(w, OutputNames.JOURNAL, journal(w.result().journal()));
        save(w, OutputNames.REPORT, HtmlReport.render(report(w)));
        // The last: it lists the others.
        Map<String, Object> record = provenance(w);
        record.put("files", w.folder().digests());
        save(w, OutputNames.RECORD, RecordSeal.seal(Json.pretty(RecordSeal.unsealed(record))));
    }

    private static void save(RunReportWriter w, String name, String content) {
        w.folder().write(name, content.getBytes(StandardCharsets.UTF_8));
    }

    private static String journal(Journal journal) {
        StringBuilder b = new StringBuilder("[\n");
        List<Journal.Entry> entries = journal.entries();
        for (int i = 0; i < entries.size(); i++) {
            Journal.Entry e = entries.get(i);
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
            b.append(Json.compact(row)).append(i + 1 < entries.size() ? ",\n" : "\n");
        }
        return b.append("]\n").toString();
    }

    private static Map<String, Object> provenance(RunReportWriter w) {
        Map<String, Object> p = new LinkedHashMap<>();
        p.put("detent", w.version());
        Map<String, Object> model = new LinkedHashMap<>();
        model.put("file", w.request().model().getFileName().toString());
        model.put("sha256", w.inputs().modelSha256());
        p.put("model", model);
        p.put("target", w.target().id());
        p.put("format", w.exporter().id());
        p.put("plugin", w.plugin());
        Map<String, Object> data = new LinkedHashMap<>();
        w.inputs().calibrationSha256().ifPresent(sha -> {
            data.put(
                    "name",
                    Path.of(w.request().calibration().orElseThrow())
                            .getFileName()
                            .toString());
            data.put("sha256", sha);
        });
        data.put("samples", w.samples());
        data.put("preprocessing", w.request().preprocessing().toString());
        p.put("calibration", data);
        p.put("dispatcher", w.plan().dispatcher());
        p.put(
                "plan",
                w.plan().steps().stream()
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
        w.fingerprints().forEach((slot, f) -> prints.put(slot.toString(), List.of(f.norm(), f.projection())));
        p.put("fingerprints", prints);
        p.put("problems", w.problems().stream().map(Problem::toString).toList());
        Map<String, Object> scores = new LinkedHashMap<>();
        w.scores().forEach((k, s) -> {
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

    private static Object decibels(double snr) {
        return Double.isFinite(snr) ? (Object) snr : HtmlReport.decibels(snr);
    }

    private static Report report(RunReportWriter w) {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put(
                "Model",
                w.request().model().getFileName() + ", " + w.inputs().bytes() + " bytes, "
                        + w.inputs().nodes() + " nodes");
        facts.put("Target", w.target().id() + " (" + w.target().summary() + ")");
        facts.put(
                "Quantized",
                w.result().graph().nodes().stream()
                                .filter(w.result().configs()::isQuantized)
                                .count() + " of " + w.result().graph().nodes().size() + " nodes after formatting");
        facts.put("Calibration", w.samples() + " samples, " + w.request().preprocessing());
        facts.put("Detent", w.version());
        Map<String, Integer> states = new LinkedHashMap<>();
        for (QuantizationState s : QuantizationState.values()) {
            int n = (int) w.result().configs().configs().stream()
                    .filter(c -> c.state() == s)
                    .count();
            if (n > 0) {
                states.put(s.name(), n);
            }
        }
        return new Report(
                w.request().model().getFileName() + " for " + w.target().id(),
                facts,
                EvaluationMetrics.rows(w.scores()),
                w.layers().stream()
                        .map(l -> new Report.Layer(l.node(), l.opType(), Math.min(99, l.snr())))
                        .toList(),
                states,
                w.plan().steps().stream()
                        .map(s -> List.of(s.id(), s.plugin(), s.reason()))
                        .toList(),
                w.problems().stream()
                        .filter(p -> p.severity() != Problem.Severity.NOTE)
                        .map(Problem::toString)
                        .toList(),
                w.problems().stream()
                        .filter(p -> p.severity() == Problem.Severity.NOTE)
                        .map(Problem::toString)
                        .toList(),
                w.folder().sizes().entrySet().stream()
                        .map(e -> List.of(e.getKey(), e.getValue().toString()))
                        .toList());
    }
}
