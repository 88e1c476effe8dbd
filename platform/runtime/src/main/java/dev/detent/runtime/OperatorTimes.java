package dev.detent.runtime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.detent.onnx.OnnxWriter;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What each node of a float network takes on this machine, by ONNX Runtime's own profile; one thread, node by node. */
public final class OperatorTimes {

    /** The first runs allocate and page in. */
    private static final int WARM_UP = 2;

    private static final int RUNS = 10;

    /** An event of the profile stands on a line of its own. */
    private static final Pattern EVENT =
            Pattern.compile("\"dur\"\\s*:\\s*(\\d+).*?\"name\"\\s*:\\s*\"(.*?)_kernel_time\"");

    private OperatorTimes() {}

    /**
     * Milliseconds by node, the median of a few runs on one sample.
     *
     * @throws UserException when the network cannot be run on it
     */
    public static Map<String, Double> of(Graph graph, Sample sample) {
        try {
            Path folder = ScratchFolder.folder("profile");
            try {
                Path model = folder.resolve("model.onnx");
                OnnxWriter.write(graph, model);
                return times(Path.of(profile(model, folder, sample)));
            } finally {
                ScratchFolder.remove(folder);
            }
        } catch (IOException e) {
            throw OrtRuntime.noRoom(e);
        } catch (OrtException e) {
            throw new UserException(
                    RuntimeProblems.SAMPLE_REFUSED,
                    "the model cannot be run on it: " + OrtRuntime.firstLine(e),
                    "sample 0",
                    e);
        }
    }

    private static String profile(Path model, Path folder, Sample sample) throws OrtException {
        try (OrtSession.SessionOptions options = OrtRuntime.options(OrtOptimizationLevel.ASIS)) {
            options.enableProfiling(folder.resolve("times").toString());
            try (OrtSession session = OrtRuntime.environment().createSession(model.toString(), options)) {
                Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
                try {
                    for (String name : session.getInputNames()) {
                        Sample.Input in = sample.inputs().get(name);
                        if (in != null) {
                            inputs.put(
                                    name,
                                    OnnxTensor.createTensor(
                                            OrtRuntime.environment(),
                                            in.data(),
                                            in.shape(),
                                            ShapeInference.javaType(in.type())));
                        }
                    }
                    for (int i = 0; i < WARM_UP + RUNS; i++) {
                        session.run(inputs).close();
                    }
                } finally {
                    inputs.values().forEach(OnnxTensor::close);
                }
                return session.endProfiling();
            }
        }
    }

    private static Map<String, Double> times(Path profile) throws IOException {
        Map<String, List<Long>> all = new TreeMap<>();
        try (var lines = Files.lines(profile)) {
            lines.forEach(line -> {
                Matcher m = EVENT.matcher(line);
                if (m.find()) {
                    all.computeIfAbsent(m.group(2), k -> new ArrayList<>()).add(Long.valueOf(m.group(1)));
                }
            });
        }
        Map<String, Double> median = new TreeMap<>();
        all.forEach((node, micros) ->
                median.put(node, micros.stream().sorted().toList().get(micros.size() / 2) / 1000.0));
        return median;
    }
}
