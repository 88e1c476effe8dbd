package dev.detent.runtime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.detent.onnx.OnnxReader;
import dev.detent.onnx.OutputCount;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/** A whole model in one session: the float original, or an exported file as ONNX Runtime really runs it. */
public final class OrtModel implements AutoCloseable {

    private final OrtSession session;
    private final GatheredOutputs outputs;

    private OrtModel(OrtSession session, GatheredOutputs outputs) {
        this.session = session;
        this.outputs = outputs;
    }

    /** The file as it is; one of very many outputs is read, and hands them out in another way. */
    public static OrtModel of(Path file, OrtOptimizationLevel level) {
        if (OutputCount.of(file) >= GatheredOutputs.MANY) {
            return of(OnnxReader.read(file), level, file.toString());
        }
        OrtSession session = OrtRuntime.session(file, level);
        return new OrtModel(session, GatheredOutputs.none(session.getOutputNames()));
    }

    public static OrtModel of(Graph graph, OrtOptimizationLevel level, String where) {
        Graph gathered = graph.outputs().size() < GatheredOutputs.MANY ? graph : graph.copy();
        GatheredOutputs outputs = GatheredOutputs.in(gathered);
        return new OrtModel(OrtRuntime.session(gathered, level, where), outputs);
    }

    /** ONNX Runtime's own record of a few runs on the first sample. */
    public static KernelProfile profile(Path file, OrtOptimizationLevel level, Samples samples, int runs) {
        try {
            Path folder = ScratchFolder.folder("profile");
            try {
                return profile(OrtRuntime.profiled(file, level, folder.resolve("runs")), samples.first(1), runs);
            } catch (OrtException e) {
                throw OrtRuntime.refused(file.toString(), e);
            } finally {
                ScratchFolder.remove(folder);
            }
        } catch (IOException e) {
            throw OrtRuntime.noRoom(e);
        }
    }

    private static KernelProfile profile(OrtSession session, Samples first, int runs) throws OrtException, IOException {
        try (OrtModel model = new OrtModel(session, GatheredOutputs.none(session.getOutputNames()))) {
            for (int i = 0; i < runs; i++) {
                model.forEach(first, 1, d -> {}, (s, o) -> {});
            }
            return KernelProfile.parse(Files.readString(Path.of(session.endProfiling())), runs);
        }
    }

    /**
     * Unpacks and loads ONNX Runtime's native library on a thread of its own; whoever needs it before waits. Failures
     * show where it is used.
     */
    public static void preload() {
        Thread thread = new Thread(
                () -> {
                    try {
                        OrtRuntime.environment();
                    } catch (UserException e) {
                        // The first session reports it, where a person learns what it was needed for.
                    }
                },
                "detent-preload");
        thread.setDaemon(true);
        thread.start();
    }

    /** Version of the ONNX Runtime in use. */
    public static String runtimeVersion() {
        return OrtRuntime.environment().getVersion();
    }

    public List<String> outputs() {
        return outputs.outputs();
    }

    /** Whether an output is a tensor, and no sequence or map. */
    public boolean isTensor(String output) {
        if (outputs.contains(output)) {
            return true;
        }
        try {
            return Objects.requireNonNull(session.getOutputInfo().get(output), output)
                            .getInfo()
                    instanceof TensorInfo;
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }

    /** One pass over the samples, whole samples side by side. */
    public void forEach(Samples samples, int workers, IntConsumer progress, SegmentedSimulation.OutputSink sink) {
        forEach(samples, workers, progress, Map.of(), new LinkedHashSet<>(outputs.outputs()), sink);
    }

    /**
     * @param fixed inputs that are the same for every sample
     * @param wanted those that are asked for, at least one; what only others need is not computed
     */
    void forEach(
            Samples samples,
            int workers,
            IntConsumer progress,
            Map<String, OnnxTensor> fixed,
            Set<String> wanted,
            SegmentedSimulation.OutputSink sink) {
        Set<String> asked = outputs.asked(wanted);
        AtomicInteger next = new AtomicInteger();
        AtomicInteger done = new AtomicInteger();
        Workers.run(Math.max(1, Math.min(workers, samples.size())), stop -> {
            for (int i = next.getAndIncrement(); i < samples.size() && !stop.get(); i = next.getAndIncrement()) {
                run(samples.get(i), i, samples.describe(i), fixed, asked, sink);
                progress.accept(done.incrementAndGet());
            }
        });
    }

    private void run(
            Sample sample,
            int index,
            String description,
            Map<String, OnnxTensor> fixed,
            Set<String> asked,
            SegmentedSimulation.OutputSink sink) {
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
            Map<String, OnnxTensor> all = new HashMap<>(fixed);
            all.putAll(inputs);
            try (OrtSession.Result result = session.run(all, asked);
                    GatheredOutputs.Run given = outputs.of(result)) {
                sink.accept(index, new SegmentedSimulation.Outputs() {
                    @Override
                    public float[] floats(String value) {
                        return TensorFloats.of(tensor(value));
                    }

                    @Override
                    public long[] shape(String value) {
                        return tensor(value).getInfo().getShape();
                    }

                    private OnnxTensor tensor(String value) {
                        try {
                            return given.tensor(value)
                                    .orElseThrow(() -> new UserException(
                                            RuntimeProblems.NO_OUTPUT, "is not an output of the model", value));
                        } catch (OrtException e) {
                            throw new IllegalStateException(e);
                        }
                    }
                });
            }
        } catch (OrtException e) {
            throw new UserException(
                    RuntimeProblems.SAMPLE_REFUSED,
                    "the model cannot be run on it: " + OrtRuntime.firstLine(e),
                    description,
                    e);
        } finally {
            inputs.values().forEach(OnnxTensor::close);
        }
    }

    @Override
    public void close() {
        OrtRuntime.close(session);
    }
}
