package dev.detent.host;

import dev.detent.host.data.DataFiles;
import dev.detent.host.data.Labels;
import dev.detent.host.plan.Plan;
import dev.detent.host.plan.Planner;
import dev.detent.host.plugin.Registry;
import dev.detent.host.trace.Trace;
import dev.detent.kernel.Invariants;
import dev.detent.kernel.Journal;
import dev.detent.onnx.OnnxReader;
import dev.detent.report.HtmlReport;
import dev.detent.report.Json;
import dev.detent.report.Report;
import dev.detent.runtime.Optimization;
import dev.detent.runtime.PlainModel;
import dev.detent.runtime.Samples;
import dev.detent.runtime.SegmentedModel;
import dev.detent.spi.backend.Profile;
import dev.detent.spi.backend.Target;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.problem.PluginException;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.QuantizationState;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** The Java API: what the command does, for an SDK that embeds it. Thread-safe; a call runs on its caller's thread and its workers. */
public final class Detent {

    /** Loaded samples that later passes find in memory: 53 images of 224 x 224. */
    private static final long REMEMBERED_BYTES = 32L << 20;

    /** Samples for the per-layer error of every run. */
    private static final int LAYER_SAMPLES = 2;

    /** Below this a layer's output is more noise than signal for any practical purpose. */
    private static final double COLLAPSED = 5;

    private final Registry registry;
    private final String version;

    /** @param version Detent's version, for provenance */
    public Detent(Registry registry, String version) {
        this.registry = registry;
        this.version = version;
    }

    public Registry registry() {
        return registry;
    }

    /** The plan a target and settings lead to; no model is needed. */
    public Plan plan(String target, Settings settings) {
        return new Planner(settings(settings)).plan(settings.apply(registry.target(target).profile(), registry));
    }

    private Registry settings(Settings settings) {
        return registry.withObserverOptions(settings.observerOptions(registry));
    }

    /** Quantizes, exports, scores and reports. Either everything lies in the output folder afterwards or nothing of this run does. */
    public QuantizeOutcome quantize(QuantizeRequest request, Progress progress) {
        Target target = registry.target(request.target());
        Registry configured = settings(request.settings());
        Profile profile = request.settings().apply(target.profile(), registry);
        Plan plan = new Planner(configured).plan(profile);
        Exporter exporter = exporter(target, request.format());
        try (OutputFolder folder = new OutputFolder(request.out())) {
            Graph graph = OnnxReader.read(request.model());
            int nodes = graph.nodes().size();
            refuseBroken(graph, request.model());
            Pipeline.format(graph, request.model().toString());
            Optional<Samples> samples = request.calibration().map(c -> DataFiles.open(graph, c, request.preprocessing(), request.samples())
                    .remembering(REMEMBERED_BYTES));
            Trace trace = new Trace(request.model().getFileName().toString(), target.id(), "default");
            Pipeline pipeline = new Pipeline(configured, target, request.workers(), progress,
                    request.trace().isPresent() ? trace : Pipeline.Listener.NONE);
            Pipeline.Result result = pipeline.run(graph, plan, samples);
            List<String> unsettled = Invariants.check(result.configs(), EnumSet.of(Fact.EXPORTABLE));
            if (!unsettled.isEmpty()) {
                throw new PluginException("DT-PLN-005", "the plan ends with configs that cannot be exported: " + String.join("; ", unsettled),
                        "plan");
            }
            Frozen frozen = new Frozen(stem(request.model()), target.id(), result.graph(), result.configs().snapshot());
            List<Problem> problems = new ArrayList<>(result.problems());
            exporter.export(frozen, new ExportRun(folder, new dev.detent.spi.pass.Options(Map.of()), problems::add));
            problems.addAll(target.lint(frozen));
            List<LayerErrors.Layer> layers = samples.map(s -> LayerErrors.measure(result.floatGraph(), result.graph(), frozen.quantization(), s,
                    LAYER_SAMPLES)).orElse(List.of());
            collapse(layers).ifPresent(problems::add);
            Optional<Path> runnable = folder.staged().stream().filter(f -> f.getFileName().toString().endsWith(".onnx")
                    && !exporter.id().equals("encodings")).findFirst();
            Map<String, Scores> scores = request.evaluation().map(e -> evaluate(e, request, result, frozen, runnable, progress)).orElse(Map.of());
            Written written = new Written(request, target, plan, profile, result, layers, problems, scores, folder, nodes,
                    samples.map(Samples::size).orElse(0));
            write(written);
            request.trace().ifPresent(t -> save(t, trace.json()));
            Map<String, Long> files = sizes(folder);
            folder.commit();
            return new QuantizeOutcome(request.out(), scores, layers, problems, files, size(request.model()),
                    (int) result.graph().nodes().stream().filter(result.configs()::isQuantized).count(), nodes,
                    samples.map(Samples::size).orElse(0), runnable.map(f -> request.out().resolve(f.getFileName())));
        }
    }

    private static Exporter exporter(Target target, Optional<String> format) {
        List<Exporter> exporters = target.exporters();
        if (exporters.isEmpty()) {
            throw new UserException("DT-EXP-010", "target '" + target.id() + "' has no exporter; it serves 'detent trace' and comparison only",
                    target.id());
        }
        return format.map(f -> exporters.stream().filter(e -> e.id().equals(f)).findFirst().orElseThrow(() -> new UserException("DT-EXP-011",
                "target '" + target.id() + "' writes " + exporters.stream().map(Exporter::id).toList() + ", not '" + f + "'", "--format")))
                .orElse(exporters.get(0));
    }

    /** NaN or infinity in a weight would end as a nonsensical scale. */
    private static void refuseBroken(Graph graph, Path model) {
        graph.initializers().forEach((name, t) -> {
            if (t.type() == dev.detent.spi.graph.ElementType.FLOAT) {
                java.nio.FloatBuffer f = t.bytes().asFloatBuffer();
                for (int i = 0; i < f.limit(); i++) {
                    if (!Float.isFinite(f.get(i)) && graph.consumers(name).stream().anyMatch(n -> n.is("Conv", "ConvTranspose", "Gemm", "MatMul"))) {
                        throw new UserException("DT-ONX-020", "weight '" + name + "' holds " + f.get(i) + "; the model is damaged", model.toString());
                    }
                }
            }
        });
    }

    /** The network has collapsed when its last layers are noise; the layer where the SNR fell most is to blame. */
    private static Optional<Problem> collapse(List<LayerErrors.Layer> layers) {
        if (layers.isEmpty() || layers.get(layers.size() - 1).snr() >= COLLAPSED) {
            return Optional.empty();
        }
        int worst = 0;
        double drop = 0;
        for (int i = 0; i < layers.size(); i++) {
            double fall = (i == 0 ? 40 : Math.min(40, layers.get(i - 1).snr())) - layers.get(i).snr();
            if (fall > drop) {
                drop = fall;
                worst = i;
            }
        }
        return Optional.of(Problem.warning("DT-QNT-001", "the quantized network collapses: its last layer has an SNR of "
                + HtmlReport.decibels(layers.get(layers.size() - 1).snr()) + "; it breaks here, where the SNR falls by "
                + HtmlReport.decibels(drop) + " to " + HtmlReport.decibels(layers.get(worst).snr())
                + "; per-channel weights, equalization (--set equalization=on) or another target may help", layers.get(worst).node()));
    }

    private Map<String, Scores> evaluate(QuantizeRequest.Evaluation e, QuantizeRequest request, Pipeline.Result result, Frozen frozen,
            Optional<Path> runnable, Progress progress) {
        Samples data = DataFiles.open(result.floatGraph(), e.data(), request.preprocessing(), e.samples());
        Optional<int[]> labels = e.labels().map(l -> Labels.read(l, data.size()));
        List<String> outputs = result.floatGraph().outputs().stream().map(ValueInfo::name).toList();
        Map<String, Scores> scores = new LinkedHashMap<>();
        Scores.Reference reference;
        try (PlainModel model = PlainModel.of(request.model(), Optimization.ALL)) {
            reference = new Scores.Reference(outputs, data, (s, sink) -> model.forEach(s, request.workers(),
                    d -> progress.at("float", d, data.size()), sink));
        }
        scores.put("float", reference.self(labels));
        try (SegmentedModel model = SegmentedModel.of(result.graph(), Optional.of(frozen.quantization()), java.util.Set.of(), Optimization.ALL)) {
            scores.put("simulated", reference.score((s, sink) -> model.forEach(s, request.workers(),
                    d -> progress.at("simulated", d, data.size()), sink), labels));
        }
        runnable.ifPresent(file -> {
            try (PlainModel model = PlainModel.of(file, Optimization.ALL)) {
                scores.put("exported", reference.score((s, sink) -> model.forEach(s, request.workers(),
                        d -> progress.at("exported", d, data.size()), sink), labels));
            }
        });
        return scores;
    }

    /** Everything the written files are made of. */
    private record Written(QuantizeRequest request, Target target, Plan plan, Profile profile, Pipeline.Result result,
            List<LayerErrors.Layer> layers, List<Problem> problems, Map<String, Scores> scores, OutputFolder folder, int nodes, int samples) {}

    private void write(Written w) {
        save(w, "journal.json", journal(w.result().journal()));
        save(w, OutputFolder.MARK, Json.pretty(provenance(w)));
        save(w, "report.html", HtmlReport.render(report(w)));
    }

    private static void save(Written w, String name, String content) {
        try {
            Files.writeString(w.folder().file(name), content);
        } catch (IOException e) {
            throw w.folder().failed(name, e);
        }
    }

    private static void save(Path file, String content) {
        try {
            Files.write(file, content.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UserException("DT-OUT-006", "cannot be written: " + e.getMessage(), file.toString(), e);
        }
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

    private Map<String, Object> provenance(Written w) {
        Map<String, Object> p = new LinkedHashMap<>();
        p.put("detent", version);
        Map<String, Object> model = new LinkedHashMap<>();
        model.put("file", w.request().model().getFileName().toString());
        model.put("sha256", Digest.of(w.request().model()));
        p.put("model", model);
        p.put("target", w.target().id());
        p.put("plugin", registry.pluginOfTarget(w.target().id()));
        Map<String, Object> data = new LinkedHashMap<>();
        w.request().calibration().filter(c -> Files.exists(Path.of(c))).ifPresent(c -> {
            data.put("name", Path.of(c).getFileName().toString());
            data.put("sha256", Digest.of(Path.of(c)));
        });
        data.put("samples", w.samples());
        data.put("preprocessing", w.request().preprocessing().toString());
        p.put("calibration", data);
        p.put("dispatcher", w.plan().dispatcher());
        p.put("plan", w.plan().steps().stream().map(s -> {
            Map<String, Object> step = new LinkedHashMap<>();
            step.put("pass", s.id());
            step.put("plugin", s.plugin());
            step.put("options", new java.util.TreeMap<>(s.options().values()));
            return step;
        }).toList());
        p.put("configs", ConfigJson.write(w.result().configs()));
        p.put("problems", w.problems().stream().map(Problem::toString).toList());
        Map<String, Object> scores = new LinkedHashMap<>();
        w.scores().forEach((k, s) -> {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("samples", s.samples());
            s.top1().ifPresent(t -> row.put("top1", t));
            row.put("agreement", s.agreement());
            row.put("snr", Double.isInfinite(s.snr()) ? "exact" : (Object) s.snr());
            scores.put(k, row);
        });
        p.put("scores", scores);
        return p;
    }

    private Report report(Written w) {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("Model", w.request().model().getFileName() + ", " + size(w.request().model()) + " bytes, " + w.nodes() + " nodes");
        facts.put("Target", w.target().id() + " (" + w.target().summary() + ")");
        facts.put("Quantized", w.result().graph().nodes().stream().filter(w.result().configs()::isQuantized).count() + " of "
                + w.result().graph().nodes().size() + " nodes after formatting");
        facts.put("Calibration", w.samples() + " samples, " + w.request().preprocessing());
        facts.put("Detent", version);
        Map<String, Integer> states = new LinkedHashMap<>();
        for (QuantizationState s : QuantizationState.values()) {
            int n = (int) w.result().configs().configs().stream().filter(c -> c.state() == s).count();
            if (n > 0) {
                states.put(s.name(), n);
            }
        }
        return new Report(w.request().model().getFileName() + " for " + w.target().id(), facts, scoreRows(w.scores()),
                w.layers().stream().map(l -> new Report.Layer(l.node(), l.opType(), Math.min(99, l.snr()))).toList(), states,
                w.plan().steps().stream().map(s -> List.of(s.id(), s.plugin(), s.reason())).toList(),
                w.problems().stream().filter(p -> p.severity() != Problem.Severity.NOTE).map(Problem::toString).toList(),
                w.problems().stream().filter(p -> p.severity() == Problem.Severity.NOTE).map(Problem::toString).toList(),
                sizes(w.folder()).entrySet().stream().map(e -> List.of(e.getKey(), e.getValue().toString())).toList());
    }

    /** Scores as text: model, top-1, agreement, SNR. */
    public static List<List<String>> scoreRows(Map<String, Scores> scores) {
        return scores.entrySet().stream().map(e -> {
            Scores s = e.getValue();
            boolean reference = e.getKey().equals("float");
            return List.of(e.getKey(), s.top1().map(t -> String.format(Locale.ROOT, "%.2f %%", 100 * t)).orElse("-"),
                    reference ? "-" : String.format(Locale.ROOT, "%.2f %%", 100 * s.agreement()), reference ? "-" : HtmlReport.decibels(s.snr()));
        }).collect(Collectors.toList());
    }

    private static Map<String, Long> sizes(OutputFolder folder) {
        Map<String, Long> sizes = new LinkedHashMap<>();
        folder.staged().forEach(f -> sizes.put(f.getFileName().toString(), size(f)));
        return sizes;
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            return 0;
        }
    }

    private static String stem(Path model) {
        String name = model.getFileName().toString();
        return name.endsWith(".onnx") ? name.substring(0, name.length() - 5) : name;
    }
}
