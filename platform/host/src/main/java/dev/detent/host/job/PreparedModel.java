package dev.detent.host.job;

import dev.detent.host.data.SampleLoader;
import dev.detent.host.evaluate.Evaluation;
import dev.detent.host.normalize.GraphNormalizer;
import dev.detent.host.normalize.HalfPrecision;
import dev.detent.host.pipeline.FloatObservationCache;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.pipeline.Progress;
import dev.detent.host.record.InputDigest;
import dev.detent.host.record.Sha256;
import dev.detent.onnx.OnnxReader;
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

/**
 * What runs of one model for several targets share: the formatted graph, the samples, what is seen of the float
 * network, the evaluation.
 */
public final class PreparedModel implements AutoCloseable {

    /** Loaded samples that later passes find in memory: 53 images of 224 x 224. */
    private static final long REMEMBERED_BYTES = 32L << 20;

    private final Graph graph;
    private final int nodes;
    private final long bytes;
    private final List<Problem> remarks = new ArrayList<>();
    private final Optional<Samples> samples;
    private final FloatObservationCache observations;
    private final InputDigest modelDigest;
    private final Optional<InputDigest> calibrationDigest;
    private final Optional<Evaluation> evaluation;

    public PreparedModel(QuantizeRequest request, Progress progress) {
        InputDigest digest = InputDigest.of(request.model());
        graph = OnnxReader.read(request.model());
        modelDigest = digest.confirm();
        nodes = graph.nodes().size();
        bytes = Sha256.size(request.model(), graph);
        if (Evaluation.isQuantized(graph)) {
            remarks.add(Problem.warning(
                    "DT-QNT-003",
                    "is quantized already; what is quantized twice loses twice: start from the float model",
                    request.model().toString()));
        }
        List<String> narrow = HalfPrecision.ports(graph);
        boolean half = HalfPrecision.widen(graph, request.model().toString());
        if (half) {
            String wide = "holds 16-bit floats; what stays float in the results is 32 bits wide";
            remarks.add(
                    narrow.isEmpty()
                            ? Problem.note("DT-QNT-004", wide, request.model().toString())
                            : Problem.warning(
                                    "DT-QNT-004",
                                    wide + ", and so is what the artefact takes and gives as " + narrow
                                            + ": feed and read 32-bit floats there",
                                    request.model().toString()));
        }
        refuseBroken(graph, request.model());
        Pipeline.format(graph, request.model().toString());
        calibrationDigest = request.calibration()
                .flatMap(InputPlaces::path)
                .filter(Files::exists)
                .map(InputDigest::of);
        samples = request.calibration()
                .map(c -> SampleLoader.open(graph, c, request.preprocessing(), request.samples())
                        .remembering(REMEMBERED_BYTES));
        observations = new FloatObservationCache(request.workers());
        evaluation = request.evaluation()
                .map(e -> new Evaluation(
                        () -> Evaluation.floatModel(request.model(), graph, half),
                        graph,
                        e.data(),
                        e.labels(),
                        request.preprocessing(),
                        e.samples(),
                        request.workers(),
                        progress));
    }

    /** A copy to work on. */
    public Graph graph() {
        return graph.copy();
    }

    /** Nodes of the model as it was read. */
    public int nodes() {
        return nodes;
    }

    /** Size of the model as it was read, weights in files of their own included. */
    public long bytes() {
        return bytes;
    }

    /**
     * Of the model's file as it was read.
     *
     * @throws UserException when it was written over since
     */
    public String modelSha256() {
        return modelDigest.sha256();
    }

    /** Of the calibration data, where they are one file or one folder, as they were when the run began to read them. */
    public Optional<String> calibrationSha256() {
        return calibrationDigest.map(InputDigest::sha256);
    }

    /** What to say of the model as it was read. */
    public List<Problem> remarks() {
        return remarks;
    }

    public Optional<Samples> samples() {
        return samples;
    }

    public FloatObservationCache observations() {
        return observations;
    }

    public Optional<Evaluation> evaluation() {
        return evaluation;
    }

    /** NaN or infinity in a weight would end as a nonsensical scale. */
    private static void refuseBroken(Graph graph, Path model) {
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
                                                    "DT-ONX-020",
                                                    "weight '" + name + "' holds " + f.get(i)
                                                            + "; the model is damaged",
                                                    model.toString());
                                        }
                                    }
                                }));
            }
        }
    }

    @Override
    public void close() {
        observations.close();
    }
}
