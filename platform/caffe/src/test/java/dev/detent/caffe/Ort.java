package dev.detent.caffe;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.detent.onnx.OnnxWriter;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.ValueInfo;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** What ONNX Runtime computes of a graph. */
final class Ort {

    private Ort() {}

    /** Outputs in their order, each as it lies in memory. */
    static List<float[]> run(Graph graph, Map<String, float[]> inputs, Map<String, long[]> shapes) {
        try {
            Path file = Files.createTempFile("caffe", ".onnx");
            OnnxWriter.write(graph, file);
            OrtEnvironment env = OrtEnvironment.getEnvironment();
            Map<String, OnnxTensor> fed = new LinkedHashMap<>();
            try (OrtSession session = env.createSession(file.toString())) {
                for (Map.Entry<String, float[]> e : inputs.entrySet()) {
                    fed.put(
                            e.getKey(),
                            OnnxTensor.createTensor(env, FloatBuffer.wrap(e.getValue()), shapes.get(e.getKey())));
                }
                List<float[]> results = new ArrayList<>();
                try (OrtSession.Result result = session.run(fed)) {
                    for (ValueInfo o : graph.outputs()) {
                        FloatBuffer b = ((OnnxTensor) result.get(o.name()).orElseThrow()).getFloatBuffer();
                        float[] values = new float[b.remaining()];
                        b.get(values);
                        results.add(values);
                    }
                }
                return results;
            } finally {
                fed.values().forEach(OnnxTensor::close);
                Files.delete(file);
            }
        } catch (OrtException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Numbers between -4 and 4, some of them whole, none 0. */
    static float[] noise(long count, long seed) {
        Random random = new Random(seed);
        float[] all = new float[(int) count];
        for (int i = 0; i < all.length; i++) {
            all[i] = i % 7 == 0 ? random.nextInt(4) + 1 : (random.nextFloat() - 0.5f) * 8;
        }
        return all;
    }
}
