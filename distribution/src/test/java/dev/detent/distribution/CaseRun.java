package dev.detent.distribution;

import dev.detent.host.Detent;
import dev.detent.host.evaluate.EvaluationData;
import dev.detent.host.job.QuantizeOutcome;
import dev.detent.host.job.QuantizeRequest;
import dev.detent.host.progress.Progress;
import dev.detent.host.record.RunDirectory;
import dev.detent.host.settings.Settings;
import dev.detent.host.verify.ArtifactVerifier;
import dev.detent.onnx.OnnxWriter;
import dev.detent.runtime.Samples;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.Problem;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;

/** A small model quantized as the command does it, files and all, and what came of it. */
record CaseRun(Path out, QuantizeOutcome outcome) {

    /**
     * Writes the graph and noise for its float inputs, quantizes, exports and scores.
     *
     * @param amplitude standard deviation of the noise
     */
    static CaseRun of(Path work, Graph graph, String target, double amplitude, String... set) throws IOException {
        Path model = work.resolve("model.onnx");
        OnnxWriter.write(graph, model);
        String data = graph.inputs().stream()
                .filter(i -> i.type() == ElementType.FLOAT)
                .map(i -> i.name() + "=" + noise(work, i, amplitude))
                .collect(Collectors.joining(","));
        return of(work, model, data, target, set);
    }

    static CaseRun of(Path work, Path model, String data, String target, String... set) {
        Settings settings = Settings.NONE;
        for (String s : set) {
            settings = settings.with(s);
        }
        Path out = work.resolve("out");
        QuantizeRequest request = QuantizeRequest.of(model, List.of(target), out)
                .calibration(data)
                .settings(settings)
                .workers(1)
                .evaluation(new EvaluationData.Source(data, 0, null))
                .build();
        QuantizeOutcome outcome = Detent.of(TestPlatform.REGISTRY, "test")
                .quantize(request, Progress.QUIET)
                .outcome();
        return new CaseRun(out, outcome);
    }

    /** Eight samples, in one file. */
    private static Path noise(Path work, ValueInfo input, double amplitude) {
        long[] shape = input.staticShape().orElseThrow();
        float[] values = new float[8 * (int) Tensor.count(shape)];
        Random random = new Random(1);
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (amplitude * random.nextGaussian());
        }
        long[] all = shape.clone();
        all[0] *= 8;
        try {
            return InstalledDistribution.npy(
                    work.resolve(input.name() + ".npy"), Arrays.toString(all).replaceAll("[\\[\\]]", ""), values);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    double snr(String row) {
        return outcome.scores().get(row).snr();
    }

    List<String> problems() {
        return outcome.problems().stream().map(Problem::id).toList();
    }

    /** What {@code detent verify} finds wrong with the files, on noise. */
    List<Problem> verified() {
        return verified(Optional.empty());
    }

    List<Problem> verified(Samples data) {
        return verified(Optional.of(data));
    }

    private List<Problem> verified(Optional<Samples> data) {
        return ArtifactVerifier.run(TestPlatform.REGISTRY, RunDirectory.read(out), data)
                .problems();
    }

    /** Weights of one layer: noise whose outputs are about as large as its inputs. */
    static Tensor weight(int seed, long... dims) {
        Random random = new Random(seed);
        float[] w = new float[(int) Tensor.count(dims)];
        double inputs = Math.max(1, Tensor.count(dims) / Math.max(1, dims[0]));
        for (int i = 0; i < w.length; i++) {
            w[i] = (float) (random.nextGaussian() / Math.sqrt(inputs));
        }
        return Tensor.ofFloats(dims, w);
    }

    static GraphEditor graph(int opset) {
        return new Graph().edit().opset("", opset);
    }

    static GraphEditor output(GraphEditor e, String name) {
        return e.output(new ValueInfo(name, ElementType.FLOAT, Optional.empty(), UnmodeledProto.NONE));
    }
}
