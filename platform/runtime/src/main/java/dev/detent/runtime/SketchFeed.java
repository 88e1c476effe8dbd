package dev.detent.runtime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import dev.detent.runtime.TensorBuffers.TensorBuffer;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.observe.Sketch;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Shows the values of one worker's samples to the sketches that watch them, in the order they ask for. */
final class SketchFeed {

    private final SegmentedSimulation model;
    private final Map<String, List<ObservationRun.Watch>> watches = new HashMap<>();
    private final float[] scratch;
    /** Where the values of a blocked tensor are put in order. */
    private FloatBuffer ordered = BufferPool.allocate(0);

    /** @param scratch of the worker; holds nothing between two calls */
    SketchFeed(SegmentedSimulation model, float[] scratch) {
        this.model = model;
        this.scratch = scratch;
    }

    void observe(String value, ObservationRun.Watch watch) {
        watches.computeIfAbsent(value, k -> new ArrayList<>()).add(watch);
    }

    void forgetWatches() {
        watches.clear();
    }

    /**
     * Shows a value of a sample to all that watch it. A blocked (NCHWc) tensor is passed unchanged to sketches that
     * ignore the order of elements, and converted to NCHW for the others.
     */
    void show(String value, TensorBuffer there, int sample) throws OrtException {
        List<ObservationRun.Watch> watching = watches.get(value);
        if (watching == null) {
            return;
        }
        Optional<Integer> channels = model.layout().channels(value);
        long[] shape = channels.map(c -> NchwcLayout.logical(there.shape(), c)).orElse(there.shape());
        List<Sketch> asItLies = new ArrayList<>();
        List<Sketch> inOrder = new ArrayList<>();
        for (ObservationRun.Watch w : watching) {
            if (sample < w.samples()) {
                (channels.isPresent() && w.sketch().needsOrder() ? inOrder : asItLies).add(w.sketch());
                w.sketch().begin(shape);
            }
        }
        if (!asItLies.isEmpty() && Arrays.equals(shape, there.shape())) {
            show(there.buffer(), 0, there.buffer().limit(), asItLies);
        } else if (!asItLies.isEmpty()) {
            showLanes(there, (int) shape[1], asItLies);
        }
        if (!inOrder.isEmpty()) {
            FloatBuffer plain = ordered((int) Tensor.count(shape));
            try (OnnxTensor tensor = OnnxTensor.createTensor(OrtRuntime.environment(), plain, shape)) {
                model.order().putInOrder(there.tensor(), channels.orElseThrow(), tensor);
            }
            show(plain, 0, plain.limit(), inOrder);
        }
        asItLies.forEach(Sketch::end);
        inOrder.forEach(Sketch::end);
    }

    private FloatBuffer ordered(int size) {
        if (ordered.capacity() < size) {
            ordered = BufferPool.allocate(size);
        }
        return ordered.slice(0, size);
    }

    private void show(FloatBuffer b, int from, int to, List<Sketch> watching) {
        for (int at = from; at < to; at += scratch.length) {
            int length = Math.min(scratch.length, to - at);
            b.get(at, scratch, 0, length);
            accept(length, watching);
        }
    }

    /** An indexed loop: iterators, one for every thousand values, would add up to 250 MB in a usual run. */
    private void accept(int length, List<Sketch> watching) {
        for (int i = 0; i < watching.size(); i++) {
            watching.get(i).accept(scratch, 0, length);
        }
    }

    /** A blocked tensor whose last block of channels is not full: the empty lanes are left out. */
    private void showLanes(TensorBuffer there, int channels, List<Sketch> watching) {
        int block = NchwcLayout.block(channels, there.shape()[1]);
        int plane = (int) (there.shape()[2] * there.shape()[3]) * block;
        int full = channels / block * plane;
        int perImage = (int) (there.shape()[1] / block) * plane;
        int used = channels % block;
        int pixels = scratch.length / block;
        for (int image = 0; image < there.shape()[0]; image++) {
            int start = image * perImage;
            show(there.buffer(), start, start + full, watching);
            for (int at = start + full; at < start + full + plane; at += pixels * block) {
                int length = Math.min(pixels * block, start + full + plane - at);
                there.buffer().get(at, scratch, 0, length);
                int kept = 0;
                for (int p = 0; p < length; p += block) {
                    for (int lane = 0; lane < used; lane++) {
                        scratch[kept++] = scratch[p + lane];
                    }
                }
                accept(kept, watching);
            }
        }
    }
}
