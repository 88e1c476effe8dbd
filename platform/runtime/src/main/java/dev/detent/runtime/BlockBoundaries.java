package dev.detent.runtime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxTensorLike;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Shapes of the values between blocks, as one sample has them; the network is run once to learn them.
 *
 * @param inputs of the network
 * @param others values of the network that are no tensors, but sequences or maps
 */
record BlockBoundaries(Map<String, long[]> shapes, Set<String> inputs, Set<String> others) {

    static final BlockBoundaries NONE = new BlockBoundaries(Map.of(), Set.of(), Set.of());

    static BlockBoundaries of(Graph network, List<BlockGraph> blocks, Sample sample) {
        Graph watched = network.copy();
        Set<String> between = new LinkedHashSet<>();
        blocks.forEach(b -> between.addAll(b.outputs()));
        // Shape inference knows what kind of tensor a value is; of what it does not know this run tells.
        blocks.stream()
                .flatMap(b -> b.graph().nodes().stream())
                .flatMap(n -> n.outputs().stream())
                .filter(v -> !v.isEmpty() && BlockGraph.declared(network, v).type() == ElementType.UNDEFINED)
                .forEach(between::add);
        between.forEach(v -> {
            if (!watched.isOutput(v)) {
                watched.edit().output(BlockGraph.declared(network, v));
            }
        });
        Map<String, long[]> shapes = new HashMap<>();
        Set<String> others = new LinkedHashSet<>();
        Map<String, OnnxTensorLike> inputs = new LinkedHashMap<>();
        try (OrtSession session = OrtRuntime.session(watched, OrtOptimizationLevel.ALL, "model")) {
            for (ValueInfo input : network.inputs()) {
                Sample.Input in = given(sample, input.name(), "a sample");
                shapes.put(input.name(), in.shape());
                inputs.put(
                        input.name(),
                        OnnxTensor.createTensor(
                                OrtRuntime.environment(), in.data(), in.shape(), ShapeInference.javaType(in.type())));
            }
            inputs.keySet().retainAll(session.getInputNames());
            try (OrtSession.Result result = session.run(inputs)) {
                result.forEach(e -> {
                    if (e.getValue() instanceof OnnxTensor t) {
                        shapes.put(e.getKey(), t.getInfo().getShape());
                    } else {
                        others.add(e.getKey());
                    }
                });
            }
        } catch (OrtException e) {
            throw new UserException(
                    RuntimeProblems.SAMPLE_REFUSED, "the model cannot be run on it: " + OrtRuntime.firstLine(e), "", e);
        } finally {
            inputs.values().forEach(OnnxTensorLike::close);
        }
        Set<String> names = new LinkedHashSet<>();
        network.inputs().forEach(i -> names.add(i.name()));
        return new BlockBoundaries(shapes, names, others);
    }

    /** @param description of the sample, for the sentence about an input that it lacks */
    static Sample.Input given(Sample sample, String input, String description) {
        Sample.Input in = sample.inputs().get(input);
        if (in == null) {
            throw new UserException(
                    RuntimeProblems.INPUT_MISSING, "lacks the model's input '" + input + "'", description);
        }
        return in;
    }

    long[] shape(String value) {
        return Objects.requireNonNull(shapes.get(value), value);
    }

    /** The most that a sample's values between blocks take at one time, in the float and the quantized network. */
    long bytes(List<BlockGraph> blocks) {
        Map<String, Integer> last = new HashMap<>();
        for (int i = 0; i < blocks.size(); i++) {
            int place = i;
            blocks.get(i).inputs().forEach(in -> last.put(in, place));
        }
        Set<String> live = new HashSet<>(inputs);
        long most = 1;
        for (int i = 0; i < blocks.size(); i++) {
            int place = i;
            live.addAll(blocks.get(i).outputs());
            most = Math.max(
                    most,
                    live.stream()
                            .filter(shapes::containsKey)
                            .mapToLong(v -> 2L * Float.BYTES * Tensor.count(shape(v)))
                            .sum());
            live.removeIf(v -> last.getOrDefault(v, -1) <= place);
        }
        return most;
    }
}
