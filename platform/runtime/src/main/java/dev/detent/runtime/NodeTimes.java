package dev.detent.runtime;

import dev.detent.onnx.OnnxWriter;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What each node of a float network takes on this machine, by ONNX Runtime's own profile; one thread, node by node. */
public final class NodeTimes {

    /** The first of them allocate and page in, which does not move their median. */
    private static final int RUNS = 12;

    private NodeTimes() {}

    /**
     * Milliseconds by node, the median of a few runs on the first sample.
     *
     * @throws UserException when the network cannot be run on it
     */
    public static Map<String, Double> of(Graph graph, Samples samples) {
        try {
            Path folder = ScratchFolder.folder("model");
            try {
                Path model = folder.resolve("model.onnx");
                OnnxWriter.write(graph, model);
                KernelProfile profile = OrtModel.profile(model, OrtOptimizationLevel.ASIS, samples, RUNS);
                if (!profile.isWhole()) {
                    throw new IOException("ONNX Runtime's profile is cut short");
                }
                return medians(profile);
            } finally {
                ScratchFolder.remove(folder);
            }
        } catch (IOException e) {
            throw OrtRuntime.noRoom(e);
        }
    }

    private static Map<String, Double> medians(KernelProfile profile) {
        Map<String, List<Long>> all = new TreeMap<>();
        profile.events()
                .forEach(e ->
                        all.computeIfAbsent(e.node(), k -> new ArrayList<>()).add(e.micros()));
        Map<String, Double> median = new TreeMap<>();
        all.forEach((node, micros) ->
                median.put(node, micros.stream().sorted().toList().get(micros.size() / 2) / 1000.0));
        return median;
    }
}
