package dev.detent.host.job;

import dev.detent.host.analyze.PreprocessingCheck;
import dev.detent.host.artifact.Sha256;
import dev.detent.host.data.Preprocessing;
import dev.detent.host.data.SampleLoader;
import dev.detent.host.evaluate.Evaluation;
import dev.detent.host.evaluate.EvaluationData;
import dev.detent.host.normalize.GraphNormalizer;
import dev.detent.host.normalize.HalfPrecision;
import dev.detent.host.observe.KnownObservations;
import dev.detent.host.observe.Observations;
import dev.detent.host.pipeline.CalibrationData;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.problem.DataProblems;
import dev.detent.host.problem.QuantizationProblems;
import dev.detent.host.progress.Progress;
import dev.detent.host.record.CalibrationFacts;
import dev.detent.host.record.InputDigest;
import dev.detent.host.record.ModelFacts;
import dev.detent.onnx.Branches;
import dev.detent.onnx.OnnxProblems;
import dev.detent.runtime.OrtModel;
import dev.detent.runtime.Samples;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.UserException;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What runs of one model for several targets share: the normalized graph, the samples, the evaluation. */
public final class PreparedModel {

    /** Loaded samples that later passes find in memory: 53 images of 224 x 224. */
    private static final long REMEMBERED_BYTES = 32L << 20;

    private final Graph graph;
    private final ModelFacts facts;
    private final CalibrationFacts calibration;
    private final List<Problem> remarks;
    private final CalibrationData data;
    private final @Nullable Evaluation evaluation;
    private final int workers;

    private PreparedModel(
            Graph graph,
            ModelFacts facts,
            CalibrationFacts calibration,
            List<Problem> remarks,
            CalibrationData data,
            @Nullable Evaluation evaluation,
            int workers) {
        this.graph = graph;
        this.facts = facts;
        this.calibration = calibration;
        this.remarks = List.copyOf(remarks);
        this.data = data;
        this.evaluation = evaluation;
        this.workers = workers;
    }

    /** Reads and normalizes the model, opens the samples, and runs the float model over the evaluation data. */
    public static PreparedModel prepare(QuantizeRequest request, Progress progress) {
        Path file = request.model();
        String name = file.toString();
        InputDigest digest = InputDigest.of(file);
        Optional<ModelFacts.Weights> weights =
                request.source().weights().map(w -> new ModelFacts.Weights(w, InputDigest.of(w)));
        Graph graph = request.source().read();
        request.inputShapes().apply(graph, name);
        weights.ifPresent(w -> w.digest().confirm());
        ModelFacts facts =
                new ModelFacts(file, Branches.count(graph), Sha256.size(file, graph), digest.confirm(), weights);
        List<Problem> remarks = new ArrayList<>();
        if (Evaluation.isQuantized(graph)) {
            remarks.add(Problem.warning(
                    QuantizationProblems.QUANTIZED_ALREADY,
                    "is quantized already; what is quantized twice loses twice: start from the float model",
                    name));
        }
        List<String> narrow = HalfPrecision.ports(graph);
        boolean half = HalfPrecision.widen(graph, name);
        if (half) {
            String wide = "holds 16-bit floats; what stays float in the results is 32 bits wide";
            remarks.add(
                    narrow.isEmpty()
                            ? Problem.note(QuantizationProblems.HALF_PRECISION, wide, name)
                            : Problem.warning(
                                    QuantizationProblems.HALF_PRECISION,
                                    wide + ", and so is what the artefact takes and gives as " + narrow
                                            + ": feed and read 32-bit floats there",
                                    name));
        }
        refuseBroken(graph, file);
        GraphNormalizer.normalize(graph, name);
        InputDigest data = request.calibration()
                .flatMap(InputPlaces::path)
                .filter(Files::exists)
                .map(InputDigest::of)
                .orElse(null);
        Samples samples = request.calibration()
                .map(c -> SampleLoader.open(graph, c, request.preprocessing(), request.samples(), request.order())
                        .remembering(REMEMBERED_BYTES))
                .orElse(Pipeline.NO_SAMPLES);
        MemoryNeed need = MemoryNeed.of(graph, samples);
        MemoryNeed.Machine machine = MemoryNeed.Machine.here();
        need.confirm(machine, name);
        int workers = need.workers(request.workers(), machine);
        if (samples.size() == 1) {
            remarks.add(Problem.warning(
                    DataProblems.ONE_SAMPLE,
                    "is one sample; its ranges are those of no other. 32 to 256 samples are usual",
                    request.calibration().orElse("")));
        }
        if (samples.size() > 0
                && (request.analysis().isPresent() || request.preprocessing().equals(Preprocessing.parse("none")))) {
            PreprocessingCheck.suspicion(graph, samples, workers)
                    .ifPresent(s -> remarks.add(Problem.warning(
                            DataProblems.LOOKS_UNPREPARED,
                            s,
                            request.calibration().orElse(""))));
        }
        Optional<KnownObservations> known = request.observations();
        return new PreparedModel(
                graph,
                facts,
                known.map(PreparedModel::calibration)
                        .orElseGet(() -> new CalibrationFacts(
                                data == null
                                        ? null
                                        : Path.of(request.calibration().orElseThrow()),
                                data,
                                samples.size(),
                                request.preprocessing())),
                remarks,
                known.map(k -> CalibrationData.of(k.observations())).orElseGet(() -> CalibrationData.of(samples)),
                request.evaluation()
                        .map(source -> evaluation(
                                request,
                                source,
                                graph,
                                workers,
                                half || !request.source().isOnnx(),
                                progress))
                        .orElse(null),
                workers);
    }

    /** Samples that are run side by side: those asked for, or fewer, where more would not fit the machine's memory. */
    public int workers() {
        return workers;
    }

    private static CalibrationFacts calibration(KnownObservations known) {
        Observations.Data data = known.observations().data();
        return new CalibrationFacts(
                known.file(),
                InputDigest.of(known.file()),
                data.samples(),
                Preprocessing.parse(known.observations().origin().preprocessing()));
    }

    private static Evaluation evaluation(
            QuantizeRequest request,
            EvaluationData.Source source,
            Graph graph,
            int workers,
            boolean rewritten,
            Progress progress) {
        EvaluationData data = EvaluationData.open(graph, source, request.preprocessing());
        try (OrtModel floats = Evaluation.floatModel(request.model(), graph, rewritten)) {
            return Evaluation.of(floats, data, workers, progress);
        }
    }

    /** The same without data to measure on: for a run that another one may replace at once. */
    PreparedModel unmeasured() {
        return new PreparedModel(
                graph, facts, calibration, remarks, CalibrationData.of(Pipeline.NO_SAMPLES), null, workers);
    }

    /** A copy of the normalized graph to work on. */
    public Graph graph() {
        return graph.copy();
    }

    /** The model as it was read. */
    public ModelFacts facts() {
        return facts;
    }

    /** The calibration data as they were when the run began to read them. */
    public CalibrationFacts calibration() {
        return calibration;
    }

    /** What to say of the model as it was read. */
    public List<Problem> remarks() {
        return remarks;
    }

    /** None for a plan that needs no data. */
    public Samples samples() {
        return data.samples();
    }

    /** What passes learn from. */
    public CalibrationData data() {
        return data;
    }

    public Optional<Evaluation> evaluation() {
        return Optional.ofNullable(evaluation);
    }

    /** NaN or infinity in a weight would end as a nonsensical scale. */
    static void refuseBroken(Graph graph, Path model) {
        for (Node n : graph.nodes()) {
            if (OperatorTable.is(n, Trait.WEIGHTED)) {
                n.inputs()
                        .forEach(name -> GraphNormalizer.constant(graph, name)
                                .filter(t -> t.type() == ElementType.FLOAT)
                                .ifPresent(t -> {
                                    FloatBuffer f = t.bytes().asFloatBuffer();
                                    for (int i = 0; i < f.limit(); i++) {
                                        if (!Float.isFinite(f.get(i))) {
                                            throw new UserException(
                                                    OnnxProblems.WEIGHT_NOT_FINITE,
                                                    "weight '" + name + "' holds " + f.get(i)
                                                            + "; the model is damaged",
                                                    model.toString());
                                        }
                                    }
                                }));
            }
        }
    }
}
