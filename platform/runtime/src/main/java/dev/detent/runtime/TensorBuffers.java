package dev.detent.runtime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import dev.detent.spi.graph.Tensor;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Where the float values of one worker lie. While the first sample of a shape is run, each value gets a place as soon
 * as its shape is known, and values that are not needed at the same time share one. For further samples of that shape
 * the places are settled; a value whose shape depends on the data then gets a place of its own.
 */
final class TensorBuffers implements AutoCloseable {

    /** A value in a buffer of ours: the beginning of its place. */
    record TensorBuffer(FloatBuffer place, FloatBuffer buffer, OnnxTensor tensor, long[] shape) {}

    private final Map<String, TensorBuffer> byValue = new HashMap<>();
    private final BufferPool pool = new BufferPool();
    /** Places of values whose shape depends on the data: shared with no others. */
    private final Map<String, FloatBuffer> unshared = new HashMap<>();
    /** Shapes of the inputs for which every value has its place. */
    private List<Object> settledFor = List.of();

    private boolean settled;

    /**
     * Begins with a sample.
     *
     * @return whether the places are settled; if not, all places of other shapes are gone
     */
    boolean begin(Sample sample) {
        settled = shapes(sample).equals(settledFor);
        if (!settled) {
            clear();
        }
        return settled;
    }

    /** The first sample of its shape ran to its end. */
    void settle(Sample sample) {
        pool.dropFormer();
        settledFor = shapes(sample);
    }

    private static List<Object> shapes(Sample sample) {
        List<Object> key = new ArrayList<>();
        sample.inputs().entrySet().stream().sorted(Map.Entry.comparingByKey()).forEach(e -> {
            key.add(e.getKey());
            key.add(Arrays.stream(e.getValue().shape()).boxed().toList());
        });
        return key;
    }

    boolean areSettled() {
        return settled;
    }

    @Nullable
    TensorBuffer get(String value) {
        return byValue.get(value);
    }

    /** The buffer of a value whose shape is known: it was made when the shape was seen first. */
    TensorBuffer existing(String value) {
        return Objects.requireNonNull(byValue.get(value), value);
    }

    boolean holdAll(Collection<String> values) {
        return byValue.keySet().containsAll(values);
    }

    /** Gives a value a place, in exchange for the one it may have: the tensor of that is closed. */
    TensorBuffer put(String value, long[] shape) throws OrtException {
        int size = BufferPool.size(value, Tensor.count(shape));
        FloatBuffer place = settled
                ? unshared.compute(value, (v, p) -> p != null && p.limit() >= size ? p : BufferPool.allocate(size))
                : pool.take(size);
        FloatBuffer buffer = place.slice(0, size);
        TensorBuffer now = new TensorBuffer(
                place, buffer, OnnxTensor.createTensor(OrtRuntime.environment(), buffer, shape), shape);
        TensorBuffer before = byValue.put(value, now);
        if (before != null) {
            before.tensor().close();
        }
        return now;
    }

    /** Returns the buffers of values that no later segment reads. */
    void giveBack(Collection<String> values) {
        values.stream().map(byValue::get).filter(Objects::nonNull).forEach(b -> pool.giveBack(b.place()));
    }

    private void clear() {
        byValue.values().forEach(b -> b.tensor().close());
        byValue.clear();
        settledFor = List.of();
        pool.startOver();
        unshared.clear();
    }

    @Override
    public void close() {
        clear();
    }
}
