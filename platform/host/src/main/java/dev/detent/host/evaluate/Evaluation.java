package dev.detent.host.evaluate;

import dev.detent.host.problem.EvaluationProblems;
import dev.detent.host.progress.Progress;
import dev.detent.onnx.Branches;
import dev.detent.onnx.OnnxReader;
import dev.detent.runtime.OrtModel;
import dev.detent.runtime.OrtOptimizationLevel;
import dev.detent.runtime.RewritingCost;
import dev.detent.runtime.Simulation;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.Quantization;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Scores models on one data set against the float model, whose outputs are computed once. Simulated is the configs on
 * the segmented model, or, of a finished run, the artefact's Q/DQ nodes taken literally (which the simulation equals
 * bit for bit); exported is what ONNX Runtime makes of the artefact with all its fusions.
 */
public final class Evaluation {

    /**
     * What a run over the data says.
     *
     * @param asked values of the metrics that were asked for, by id
     */
    public record Scores(EvaluationMetrics usual, Map<String, Double> asked) {}

    private static final String EXACT = "exact";
    private static final String UNFUSED = "unfused";

    /** Gap in dB between exported and simulated model that rounding in fused kernels alone does not explain. */
    private static final double SUSPICIOUS = 1;

    /** The same for deep networks, in which the rounding of many kernels accumulates. */
    private static final double FAR = 3;

    /** From here on two models give the same, in dB (what {@code TablePage.decibels} calls exact). */
    private static final double EXACTLY = 98;

    private static final Set<String> QUANTIZED = Set.of(
            "QuantizeLinear",
            "DequantizeLinear",
            "DynamicQuantizeLinear",
            "DynamicQuantizeLSTM",
            "MatMulNBits",
            "GatherBlockQuantized");

    private final EvaluationData data;
    private final List<String> notTensors;
    private final EvaluationMetrics.Reference reference;
    private final int workers;
    private final Progress progress;

    private Evaluation(
            EvaluationData data,
            List<String> notTensors,
            EvaluationMetrics.Reference reference,
            int workers,
            Progress progress) {
        this.data = data;
        this.notTensors = notTensors;
        this.reference = reference;
        this.workers = workers;
        this.progress = progress;
    }

    /** Runs the float model over the data. */
    public static Evaluation of(OrtModel model, EvaluationData given, int workers, Progress progress) {
        EvaluationData data = given.comparable(model::isTensor);
        return new Evaluation(
                data,
                given.outputs().stream().filter(o -> !model.isTensor(o)).toList(),
                EvaluationMetrics.Reference.of(
                        data.outputs(),
                        data.samples(),
                        (s, sink) -> model.forEach(s, workers, d -> progress.at("float", d, s.size()), sink)),
                workers,
                progress);
    }

    /**
     * The file as it is, or, of 16-bit floats, the graph that was widened: its inputs are what the data are converted
     * to.
     */
    public static OrtModel floatModel(Path file, Graph graph, boolean rewritten) {
        if (!rewritten && RewritingCost.isAffordable(graph)) {
            try {
                return OrtModel.of(file, OrtOptimizationLevel.ALL);
            } catch (UserException e) {
                // ONNX Runtime wants names that nodes do not share, which the graph has.
                return OrtModel.of(graph, OrtOptimizationLevel.ALL, file.toString());
            }
        }
        return OrtModel.of(graph, OrtOptimizationLevel.ALL, file.toString());
    }

    public EvaluationMetrics floats() {
        return reference.self(data.classes());
    }

    /** What to say of outputs that the scores leave out. */
    public Optional<Problem> uncompared() {
        return notTensors.isEmpty()
                ? Optional.empty()
                : Optional.of(Problem.warning(
                        EvaluationProblems.NOT_COMPARED,
                        "is a sequence or map, which the scores leave out: they are those of '"
                                + String.join("', '", data.outputs())
                                + "' alone; to score what it is made from, make that an output too",
                        String.join(", ", notTensors)));
    }

    /** What to say of labels that a float model, which somebody trained, does not hit more often than a guess would. */
    public static Optional<Problem> chance(EvaluationMetrics floats, String data) {
        if (floats.top1().isEmpty() || !floats.hasClasses()) {
            return Optional.empty();
        }
        double guess = 1.0 / floats.classes();
        // Three standard deviations of the number of hits of that many guesses.
        double luck = 3 * Math.sqrt(guess * (1 - guess) / Math.max(1, floats.samples()));
        double top1 = floats.top1().get();
        return top1 > guess + luck
                ? Optional.empty()
                : Optional.of(Problem.warning(
                        EvaluationProblems.FLOAT_AT_CHANCE,
                        String.format(
                                Locale.ROOT,
                                "the float model itself is right on %.2f %% of the labels, which is no better than "
                                        + "guessing one of %d classes: wrong labels or wrong preprocessing (--preset)",
                                100 * top1,
                                floats.classes()),
                        data));
    }

    /** The configs on the segmented model. */
    public EvaluationMetrics simulated(Graph graph, Quantization quantization) {
        return simulated(graph, quantization, List.of()).usual();
    }

    /**
     * The configs on the segmented model, scored as always and by metrics that a person asked for, in one run over the
     * data.
     */
    public Scores simulated(Graph graph, Quantization quantization, List<AskedMetric> asked) {
        try (Simulation m = Simulation.of(graph, quantization)) {
            MetricSums sums = new MetricSums(asked, reference, data.samples().size());
            EvaluationMetrics usual = reference.score(
                    (s, sink) -> m.forEach(s, workers, d -> progress.at("simulated", d, s.size()), (i, out) -> {
                        sink.accept(i, out);
                        sums.add(i, out);
                    }),
                    data.classes());
            return new Scores(usual, sums.values());
        }
    }

    /** The file's nodes one by one, as they stand. */
    public EvaluationMetrics literal(Path file) {
        return score("simulated", file, OrtOptimizationLevel.NONE);
    }

    /**
     * Loads a file that ONNX Runtime can execute, rewritten as it will be for a user, and computes nothing. Only where
     * that fails is it loaded as it stands, to tell a file that is wrong from one that the rewriting trips over:
     * loading takes a tenth of a second or more. One that would be rewritten for too long is loaded as it stands.
     *
     * @return what to say where ONNX Runtime trips over its own rewriting, or would take too long for it
     * @throws UserException it does not load as it stands, which makes it worth nothing
     */
    public static Optional<Problem> load(Path file) {
        Graph graph = OnnxReader.read(file);
        boolean affordable = RewritingCost.isAffordable(graph);
        boolean rewritten = !isFloating(graph) && affordable;
        if (rewritten && refusal(file, OrtOptimizationLevel.ALL).isEmpty()) {
            return Optional.empty();
        }
        refusal(file, OrtOptimizationLevel.NONE).ifPresent(e -> {
            throw new UserException(
                    EvaluationProblems.DOES_NOT_LOAD,
                    "does not load in ONNX Runtime, so nothing of this run is kept; keep the operator that it names in "
                            + "float, choose another format with --format, and report the model: "
                            + e.problems().get(0).sentence(),
                    String.valueOf(file.getFileName()),
                    e);
        });
        if (!affordable) {
            return Optional.of(tooLarge(file, graph));
        }
        return rewritten ? Optional.of(unfusable()) : Optional.empty();
    }

    private static Problem tooLarge(Path file, Graph graph) {
        return Problem.warning(
                EvaluationProblems.TOO_LARGE_TO_REWRITE,
                "ONNX Runtime would take long to optimize its " + graph.nodes().size()
                        + " nodes; it was loaded as it stands and is not timed",
                String.valueOf(file.getFileName()));
    }

    /** Why ONNX Runtime does not load a file; empty when it does. */
    private static Optional<UserException> refusal(Path file, OrtOptimizationLevel level) {
        try (OrtModel loaded = OrtModel.of(file, level)) {
            return Optional.empty();
        } catch (UserException e) {
            return Optional.of(e);
        }
    }

    /**
     * ONNX Runtime's rewriting (1.28, and 1.32) takes 8-bit floating-point codes for integers and computes nonsense.
     */
    private static boolean isFloating(Graph graph) {
        return graph.initializers().values().stream()
                .anyMatch(t -> t.type() == ElementType.FLOAT8E4M3FN || t.type() == ElementType.FLOAT8E5M2);
    }

    private static Problem unfusable() {
        return Problem.warning(
                EvaluationProblems.NOT_REWRITTEN,
                "ONNX Runtime fails to rewrite the file; 'unfused' is the file with the session option "
                        + "session.disable_quant_qdq=1, which leaves its nodes as they stand",
                "exported");
    }

    /**
     * Exported, or unfused where ONNX Runtime cannot rewrite the file; and where exported is far from what the file
     * says because this CPU's integer sums overflow: exact, what CPUs make of it whose sums do not.
     */
    public Map<String, EvaluationMetrics> exported(Path file, EvaluationMetrics simulated) {
        Graph graph = OnnxReader.read(file);
        boolean rewritten = !isFloating(graph) && RewritingCost.isAffordable(graph);
        Map<String, EvaluationMetrics> scores = new LinkedHashMap<>();
        EvaluationMetrics usual;
        try {
            usual = score("exported", file, rewritten ? OrtOptimizationLevel.ALL : OrtOptimizationLevel.ASIS);
        } catch (UserException e) {
            // ONNX Runtime trips over its own rewriting; if not, this fails too.
            scores.put(UNFUSED, score(UNFUSED, file, OrtOptimizationLevel.ASIS));
            return scores;
        }
        scores.put("exported", usual);
        if (rewritten && usual.behind(simulated) > SUSPICIOUS) {
            EvaluationMetrics exact = score(EXACT, file, OrtOptimizationLevel.EXACT);
            if (usual.behind(exact) > SUSPICIOUS / 2) {
                scores.put(EXACT, exact);
            }
        }
        return scores;
    }

    /** What to say of an artefact that does not come out as simulated, or of a simulation that is no number. */
    public static List<Problem> differences(Map<String, EvaluationMetrics> scores) {
        List<Problem> problems = new ArrayList<>();
        EvaluationMetrics reference = scores.get("float");
        EvaluationMetrics simulated = scores.get("simulated");
        boolean finite = simulated == null || simulated.snr() > Double.NEGATIVE_INFINITY;
        if (!finite && reference != null) {
            problems.add(notFinite(reference));
        }
        EvaluationMetrics exported = scores.get("exported");
        if (scores.containsKey(EXACT)) {
            problems.add(Problem.warning(
                    EvaluationProblems.INTEGER_SUMS_OVERFLOW,
                    "integer sums overflow on this CPU (x64 without VNNI); 'exact' is the file on CPUs where "
                            + "they do not, or with ONNX Runtime's session option session.x64quantprecision=1. For CPUs like this one leave the weights' sums "
                            + "room, as the target 'onnxruntime' does",
                    "exported"));
        } else if (scores.containsKey(UNFUSED)) {
            problems.add(unfusable());
        } else if (finite
                && exported != null
                && simulated != null
                && exported.snr() < Math.min(EXACTLY, simulated.snr()) - FAR) {
            problems.add(Problem.warning(
                    EvaluationProblems.KERNELS_DIFFER,
                    "ONNX Runtime's fused kernels compute something else than the "
                            + "file's nodes, which score as 'simulated'; the session option session.disable_quant_qdq=1 runs the nodes as they stand",
                    "exported"));
        }
        return problems;
    }

    private static Problem notFinite(EvaluationMetrics reference) {
        return Problem.warning(
                EvaluationProblems.NOT_FINITE,
                (reference.finite()
                                ? "the quantized network gives NaN or infinity where the float one does not"
                                : "the float network gives NaN or infinity on these data itself, and the quantized "
                                        + "one in more places")
                        + ": look for a "
                        + "division, logarithm or root of a value that rounds to zero, and keep it in float",
                "simulated");
    }

    private EvaluationMetrics score(String step, Path file, OrtOptimizationLevel level) {
        try (OrtModel m = OrtModel.of(file, level)) {
            return reference.score(
                    (s, sink) -> m.forEach(s, workers, d -> progress.at(step, d, s.size()), sink), data.classes());
        }
    }

    /** The file has the quantization in it, in operators that ONNX Runtime knows. */
    public static boolean isExecutable(Path file) {
        return file.getFileName().toString().endsWith(".onnx") && isExecutable(OnnxReader.read(file), file);
    }

    /** The graph of the file has the quantization in it, in operators that ONNX Runtime knows. */
    public static boolean isExecutable(Graph graph, Path file) {
        return isQuantized(graph) && (unknownDomains(graph).isEmpty() || loads(file));
    }

    /** Of these ONNX Runtime may know the operators, or the file brings them as functions. */
    private static List<String> unknownDomains(Graph graph) {
        return graph.nodes().stream()
                .map(Node::domain)
                .filter(d -> !d.isEmpty() && !d.equals("com.microsoft"))
                .distinct()
                .toList();
    }

    private static boolean loads(Path file) {
        try {
            OrtModel.of(file, OrtOptimizationLevel.NONE).close();
            return true;
        } catch (UserException e) {
            return false;
        }
    }

    /** Some of its operators quantize, or compute with codes, those in branches included. */
    public static boolean isQuantized(Graph graph) {
        return Branches.types(graph).anyMatch(t -> QUANTIZED.contains(t) || t.startsWith("QLinear"))
                || Branches.decodesConstants(graph);
    }
}
