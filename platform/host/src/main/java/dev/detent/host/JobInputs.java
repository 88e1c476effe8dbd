package dev.detent.host;

import dev.detent.host.data.DataFiles;
import dev.detent.host.format.Formatting;
import dev.detent.host.format.HalfPrecision;
import dev.detent.onnx.OnnxReader;
import dev.detent.runtime.Samples;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.UserException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What runs of one model for several targets share: the formatted graph, the samples, what is seen of the float
 * network, the evaluation.
 */
final class JobInputs implements AutoCloseable {

    /** Loaded samples that later passes find in memory: 53 images of 224 x 224. */
    private static final long REMEMBERED_BYTES = 32L << 20;

    private final Graph graph;
    private final int nodes;
    private final long bytes;
    private final List<Problem> remarks = new ArrayList<>();
    private final Optional<Samples> samples;
    private final FloatObservations observations;
    private final Optional<Evaluation> evaluation;

    JobInputs(QuantizeRequest request, Progress progress) {
        graph = OnnxReader.read(request.model());
        nodes = graph.nodes().size();
        bytes = Digest.size(request.model(), graph);
        if (Evaluation.isQuantized(graph)) {
            remarks.add(Problem.warning(
                    "DT-QNT-003",
                    "is quantized already; what is quantized twice loses twice: start from the float model",
                    request.model().toString()));
        }
        boolean half = HalfPrecision.widen(graph, request.model().toString());
        if (half) {
            remarks.add(Problem.note(
                    "DT-QNT-004",
                    "holds 16-bit floats; what stays float in the results is 32 bits wide",
                    request.model().toString()));
        }
        refuseBroken(graph, request.model());
        Pipeline.format(graph, request.model().toString());
        samples = request.calibration()
                .map(c -> DataFiles.open(graph, c, request.preprocessing(), request.samples())
                        .remembering(REMEMBERED_BYTES));
        observations = new FloatObservations(request.workers());
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
    Graph graph() {
        return graph.copy();
    }

    /** Nodes of the model as it was read. */
    int nodes() {
        return nodes;
    }

    /** Size of the model as it was read, weights in files of their own included. */
    long bytes() {
        return bytes;
    }

    /** What to say of the model as it was read. */
    List<Problem> remarks() {
        return remarks;
    }

    Optional<Samples> samples() {
        return samples;
    }

    FloatObservations observations() {
        return observations;
    }

    Optional<Evaluation> evaluation() {
        return evaluation;
    }

    /** NaN or infinity in a weight would end as a nonsensical scale. */
    private static void refuseBroken(Graph graph, Path model) {
        for (Node n : graph.nodes()) {
            if (n.is("Conv", "ConvTranspose", "Gemm", "MatMul")) {
                n.inputs()
                        .forEach(name -> Formatting.constant(graph, name)
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
