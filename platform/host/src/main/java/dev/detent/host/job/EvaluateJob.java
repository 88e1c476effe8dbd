package dev.detent.host.job;

import dev.detent.host.data.Preprocessing;
import dev.detent.host.evaluate.Evaluation;
import dev.detent.host.evaluate.EvaluationData;
import dev.detent.host.evaluate.EvaluationMetrics;
import dev.detent.host.normalize.HalfPrecision;
import dev.detent.host.plugin.Registry;
import dev.detent.host.problem.EvaluationProblems;
import dev.detent.host.progress.Progress;
import dev.detent.host.record.InputDigest;
import dev.detent.host.record.RunDirectory;
import dev.detent.onnx.OnnxReader;
import dev.detent.runtime.OrtModel;
import dev.detent.runtime.ShapeInference;
import dev.detent.spi.export.ReadableExporter;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.UserException;
import jakarta.inject.Inject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Scores what finished runs of one model wrote. */
public final class EvaluateJob {

    private final Supplier<Registry> plugins;

    @Inject
    public EvaluateJob(Supplier<Registry> plugins) {
        this.plugins = plugins;
    }

    /** Scores by target; a run for several targets has several. */
    public EvaluateResult run(EvaluateRequest request, Progress progress) {
        List<RunDirectory> runs = RunDirectory.all(request.out());
        Path model = request.model().file();
        List<Problem> problems = new ArrayList<>();
        otherModel(runs, model).ifPresent(problems::add);
        Graph original = request.model().read();
        boolean half = HalfPrecision.widen(original, model.toString());
        Preprocessing given = request.preprocessing();
        EvaluationData data = EvaluationData.open(
                original, request.data(), given == null ? runs.get(0).preprocessing() : given);
        Evaluation evaluation;
        try (OrtModel floats =
                Evaluation.floatModel(model, original, half || !request.model().isOnnx())) {
            evaluation = Evaluation.of(floats, data, request.workers(), progress);
        }
        Map<String, Map<String, EvaluationMetrics>> scores = new LinkedHashMap<>();
        runs.forEach(run -> scores.put(run.target(), scores(evaluation, data, run)));
        evaluation.uncompared().ifPresent(problems::add);
        Evaluation.chance(evaluation.floats(), request.data().data()).ifPresent(problems::add);
        return new EvaluateResult(scores, problems);
    }

    /** The run's record holds its model's digest. */
    private static Optional<Problem> otherModel(List<RunDirectory> runs, Path model) {
        String given = InputDigest.of(model).sha256();
        return runs.stream()
                .filter(r -> !r.modelDigest().equals(given))
                .findFirst()
                .map(r -> Problem.warning(
                        EvaluationProblems.OTHER_MODEL,
                        "is not the file that '" + r.folder() + "' was made from (their SHA-256 differ): the scores "
                                + "compare two models",
                        model.toString()));
    }

    private Map<String, EvaluationMetrics> scores(Evaluation evaluation, EvaluationData data, RunDirectory run) {
        Map<String, EvaluationMetrics> scores = new LinkedHashMap<>();
        scores.put("float", evaluation.floats());
        Path file = artefact(run.folder());
        Graph written = OnnxReader.read(file);
        refuseOther(data.outputs(), written, file);
        if (Evaluation.isExecutable(written, file)) {
            EvaluationMetrics simulated = evaluation.literal(file);
            scores.put("simulated", simulated);
            scores.putAll(evaluation.exported(file, simulated));
        } else {
            Graph graph = run.exporter(plugins.get()) instanceof ReadableExporter readable
                    ? readable.graph(run.files()).orElse(written)
                    : written;
            ShapeInference.infer(graph, file.toString());
            scores.put("simulated", evaluation.simulated(graph, run.quantization(graph, plugins.get(), Map.of())));
        }
        return scores;
    }

    private static void refuseOther(List<String> outputs, Graph graph, Path file) {
        List<String> missing = outputs.stream().filter(o -> !graph.isOutput(o)).toList();
        if (!missing.isEmpty()) {
            throw new UserException(
                    EvaluationProblems.OTHER_MODEL,
                    "was made from another model: it has no output " + missing,
                    file.toString());
        }
    }

    private static Path artefact(Path out) {
        try (Stream<Path> files = Files.list(out)) {
            return files.filter(f -> f.getFileName().toString().endsWith(".onnx"))
                    .sorted()
                    .findFirst()
                    .orElseThrow(() -> new UserException(
                            EvaluationProblems.NO_ONNX_FILE, "holds no ONNX file to run", out.toString()));
        } catch (IOException e) {
            throw new UserException(
                    EvaluationProblems.FOLDER_UNREADABLE, "cannot be listed: " + e.getMessage(), out.toString(), e);
        }
    }
}
