package dev.detent.runtime;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxTensorLike;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.problem.UserException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * One worker's buffers. The first sample of a given shape runs with outputs that ONNX Runtime allocates and tells the
 * shape of every value that crosses a cut. Each is copied to a place that it keeps for all samples of that shape,
 * pinned as an output; values that are not needed at the same time share a place.
 */
final class SegmentRun implements AutoCloseable, SegmentedSimulation.Outputs {

    /** A float value in a buffer of our own: the beginning of its place. */
    private record TensorBuffer(FloatBuffer place, FloatBuffer buffer, OnnxTensor tensor, long[] shape) {}

    private final SegmentedSimulation model;
    private final Map<String, List<ObservationRun.Watch>> watches = new HashMap<>();
    private final float[] scratch = FakeQuantizer.scratch();
    private final Map<String, TensorBuffer> slabs = new HashMap<>();
    private final BufferPool places = new BufferPool();
    /** Where values lie whose shape depends on the data: shared with no others. */
    private final Map<String, FloatBuffer> unshared = new HashMap<>();
    /** Where the values of a blocked tensor are put in order. */
    private FloatBuffer ordered = BufferPool.allocate(0);
    /** Values that ONNX Runtime owns: those that are not float. */
    private final Map<String, OnnxTensor> foreign = new HashMap<>();

    private final List<OrtSession.Result> open = new ArrayList<>();
    private final Set<Integer> unpredictable = new LinkedHashSet<>();
    private List<Object> planned = List.of();
    /** Index of the sample that is run. */
    private int current;
    /**
     * Segments whose every input and output has its place, by index: what they are run with does not change from sample
     * to sample.
     */
    private final Map<Integer, BoundSession> settled = new HashMap<>();

    /** Arguments of a run. */
    private record BoundSession(Map<String, OnnxTensorLike> inputs, Map<String, OnnxValue> outputs) {}

    SegmentRun(SegmentedSimulation model) {
        this.model = model;
    }

    void observe(String value, ObservationRun.Watch watch) {
        watches.computeIfAbsent(value, k -> new ArrayList<>()).add(watch);
    }

    /** The frame stays, the run it watched is over. */
    void forgetWatches() {
        watches.clear();
    }

    void run(Sample sample, int index, String description) {
        release();
        current = index;
        try {
            List<Object> key = key(sample);
            boolean known = key.equals(planned);
            if (!known) {
                closeSlabs();
            }
            feed(sample, description, known);
            for (int s = 0; s < model.segments().size(); s++) {
                run(s, known);
                if (!known) {
                    model.lastReadBy(s).stream()
                            .map(slabs::get)
                            .filter(Objects::nonNull)
                            .forEach(slab -> places.giveBack(slab.place()));
                }
            }
            if (!known) {
                places.dropFormer();
                planned = key;
            }
        } catch (OrtException e) {
            throw new UserException(
                    RuntimeProblems.SAMPLE_REFUSED,
                    "the model cannot be run on it: " + OrtRuntime.firstLine(e),
                    description,
                    e);
        }
    }

    private static List<Object> key(Sample sample) {
        List<Object> key = new ArrayList<>();
        sample.inputs().entrySet().stream().sorted(Map.Entry.comparingByKey()).forEach(e -> {
            key.add(e.getKey());
            key.add(Arrays.stream(e.getValue().shape()).boxed().toList());
        });
        return key;
    }

    private void feed(Sample sample, String description, boolean known) throws OrtException {
        for (ValueInfo input : model.graph().inputs()) {
            Sample.Input in = sample.inputs().get(input.name());
            if (in == null) {
                throw new UserException(
                        RuntimeProblems.INPUT_MISSING, "lacks the model's input '" + input.name() + "'", description);
            }
            if (in.type() == dev.detent.spi.graph.ElementType.FLOAT) {
                TensorBuffer slab = known ? settledBuffer(input.name()) : put(input.name(), in.shape(), false);
                slab.buffer()
                        .put(
                                0,
                                in.data().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer(),
                                0,
                                slab.buffer().limit());
                arrived(input.name(), slab, known);
            } else {
                OnnxTensor t = OnnxTensor.createTensor(
                        OrtRuntime.environment(), in.data(), in.shape(), ShapeInference.javaType(in.type()));
                foreign.put(input.name(), t);
            }
        }
    }

    private void run(int index, boolean known) throws OrtException {
        SegmentedSimulation.Segment segment = model.segments().get(index);
        if (known && settled.containsKey(index) && runSettled(index, segment)) {
            return;
        }
        Map<String, OnnxTensorLike> inputs = new LinkedHashMap<>();
        for (String in : segment.inputs()) {
            TensorBuffer slab = slabs.get(in);
            OnnxTensor there = slab != null ? slab.tensor() : foreign.get(in);
            if (there == null) {
                throw new UserException(
                        RuntimeProblems.NO_TENSOR_BETWEEN_PARTS,
                        "is no tensor but a sequence, map or optional, which Detent cannot pass on between quantized "
                                + "parts of a network",
                        in);
            }
            inputs.put(in, there);
        }
        Map<String, OnnxValue> pinned = new LinkedHashMap<>();
        Set<String> requested = new LinkedHashSet<>();
        for (String out : segment.outputs()) {
            TensorBuffer slab = known && !unpredictable.contains(index) ? slabs.get(out) : null;
            if (slab != null) {
                pinned.put(out, slab.tensor());
            } else {
                requested.add(out);
            }
        }
        OrtSession.Result result;
        try {
            result = segment.session().run(inputs, requested, pinned);
        } catch (OrtException e) {
            if (pinned.isEmpty()) {
                throw e;
            }
            // A shape that depends on the data: this segment allocates its outputs from now on.
            unpredictable.add(index);
            result = segment.session().run(inputs, new LinkedHashSet<>(segment.outputs()), Map.of());
            pinned.clear();
            requested.addAll(segment.outputs());
        }
        open.add(result);
        if (known
                && requested.isEmpty()
                && !segment.outputs().isEmpty()
                && slabs.keySet().containsAll(segment.inputs())) {
            settled.put(index, new BoundSession(inputs, pinned));
        }
        for (String out : segment.outputs()) {
            if (pinned.containsKey(out)) {
                arrived(out, settledBuffer(out), known);
                continue;
            }
            if (!(result.get(out).orElseThrow() instanceof OnnxTensor t)) {
                // A sequence or map leaves the model, as ZipMap's do; Java's API can hand none to another session.
                continue;
            }
            TensorInfo info = t.getInfo();
            if (info.type == OnnxJavaType.FLOAT) {
                TensorBuffer slab = put(out, info.getShape(), known);
                if (slab.buffer().limit() > 0) {
                    slab.buffer().put(0, t.getFloatBuffer(), 0, slab.buffer().limit());
                }
                arrived(out, slab, known);
            } else {
                foreign.put(out, t);
            }
        }
        if (segment.outputs().stream().noneMatch(foreign::containsKey)) {
            open.remove(open.size() - 1).close();
        }
    }

    /**
     * Gives a value a place. What was settled with the one before, whose tensor is closed here, is not settled any
     * more.
     *
     * @param known the value had a place for samples of this shape, and now has another size: the new place is its own
     */
    private TensorBuffer put(String value, long[] shape, boolean known) throws OrtException {
        int size = BufferPool.size(value, elements(shape));
        FloatBuffer place = known
                ? unshared.compute(value, (v, p) -> p != null && p.limit() >= size ? p : BufferPool.allocate(size))
                : places.take(size);
        FloatBuffer buffer = place.slice(0, size);
        TensorBuffer slab = new TensorBuffer(
                place, buffer, OnnxTensor.createTensor(OrtRuntime.environment(), buffer, shape), shape);
        TensorBuffer before = slabs.put(value, slab);
        if (before != null) {
            settled.values().removeIf(s -> s.inputs().containsKey(value));
            before.tensor().close();
        }
        return slab;
    }

    /** False when an output did not fit its place: a shape that depends on the data after all. */
    private boolean runSettled(int index, SegmentedSimulation.Segment segment) throws OrtException {
        BoundSession arguments = Objects.requireNonNull(settled.get(index));
        try {
            segment.session()
                    .run(arguments.inputs(), Set.of(), arguments.outputs())
                    .close();
        } catch (OrtException e) {
            settled.remove(index);
            return false;
        }
        for (String out : segment.outputs()) {
            arrived(out, settledBuffer(out), true);
        }
        return true;
    }

    /** Observes the raw value, then quantizes it for its producer and for each group of consumers. */
    private void arrived(String value, TensorBuffer slab, boolean known) throws OrtException {
        List<ObservationRun.Watch> watching = watches.get(value);
        if (watching != null) {
            show(value, slab, watching);
        }
        PartitionPlan.Cut cut = model.plan().cuts().get(value);
        if (cut == null) {
            return;
        }
        FakeQuantizer producer = model.quantizer(cut.producer());
        if (producer != null) {
            producer.apply(slab.buffer(), slab.buffer(), slab.shape(), scratch);
        }
        for (PartitionPlan.Version v : cut.versions()) {
            TensorBuffer copy = slabs.get(v.name());
            if (copy == null || !Arrays.equals(copy.shape(), slab.shape())) {
                copy = put(v.name(), slab.shape(), known);
            }
            FakeQuantizer q = model.quantizer(v.config());
            if (q != null) {
                q.apply(slab.buffer(), copy.buffer(), slab.shape(), scratch);
            } else {
                copy.buffer().put(0, slab.buffer(), 0, slab.buffer().limit());
            }
        }
    }

    /** A blocked tensor is shown as it lies to those who take any order, and put in order to the others. */
    private void show(String value, TensorBuffer slab, List<ObservationRun.Watch> watching) throws OrtException {
        Optional<Integer> channels = model.layout().channels(value);
        long[] shape = channels.map(c -> NchwcLayout.logical(slab.shape(), c)).orElse(slab.shape());
        List<Sketch> asItLies = new ArrayList<>();
        List<Sketch> inOrder = new ArrayList<>();
        for (ObservationRun.Watch w : watching) {
            if (current < w.samples()) {
                (channels.isPresent() && w.sketch().needsOrder() ? inOrder : asItLies).add(w.sketch());
                w.sketch().begin(shape);
            }
        }
        if (!asItLies.isEmpty() && Arrays.equals(shape, slab.shape())) {
            show(slab.buffer(), 0, slab.buffer().limit(), asItLies);
        } else if (!asItLies.isEmpty()) {
            showLanes(slab, (int) shape[1], asItLies);
        }
        if (!inOrder.isEmpty()) {
            FloatBuffer plain = ordered((int) elements(shape));
            try (OnnxTensor tensor = OnnxTensor.createTensor(OrtRuntime.environment(), plain, shape)) {
                model.putInOrder(slab.tensor(), channels.orElseThrow(), tensor);
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

    /** Without an iterator: one for every thousand values would be a quarter of a gigabyte in a usual run. */
    private void accept(int length, List<Sketch> watching) {
        for (int i = 0; i < watching.size(); i++) {
            watching.get(i).accept(scratch, 0, length);
        }
    }

    /** A blocked tensor whose last block of channels is not full: the empty lanes are left out. */
    private void showLanes(TensorBuffer slab, int channels, List<Sketch> watching) {
        int block = NchwcLayout.block(channels, slab.shape()[1]);
        int plane = (int) (slab.shape()[2] * slab.shape()[3]) * block;
        int full = channels / block * plane;
        int perImage = (int) (slab.shape()[1] / block) * plane;
        int used = channels % block;
        int pixels = scratch.length / block;
        for (int image = 0; image < slab.shape()[0]; image++) {
            int start = image * perImage;
            show(slab.buffer(), start, start + full, watching);
            for (int at = start + full; at < start + full + plane; at += pixels * block) {
                int length = Math.min(pixels * block, start + full + plane - at);
                slab.buffer().get(at, scratch, 0, length);
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

    /** The buffer of a value whose shape is known: it was made when the shape was seen first. */
    private TensorBuffer settledBuffer(String value) {
        return Objects.requireNonNull(slabs.get(value), value);
    }

    private static long elements(long[] shape) {
        long n = 1;
        for (long d : shape) {
            n *= d;
        }
        return n;
    }

    @Override
    public float[] floats(String value) {
        TensorBuffer slab = slabs.get(value);
        if (slab == null) {
            try {
                OnnxTensor t = Objects.requireNonNull(foreign.get(value));
                return t.getInfo().type == OnnxJavaType.INT64 ? toFloats(t.getLongBuffer()) : toFloats(t);
            } catch (RuntimeException e) {
                throw new UserException(
                        RuntimeProblems.NOT_COMPARABLE, "is not a tensor of numbers and cannot be compared", value, e);
            }
        }
        float[] copy = new float[slab.buffer().limit()];
        slab.buffer().get(0, copy);
        return copy;
    }

    private static float[] toFloats(java.nio.LongBuffer b) {
        float[] f = new float[b.remaining()];
        for (int i = 0; i < f.length; i++) {
            f[i] = b.get(i);
        }
        return f;
    }

    static float[] toFloats(OnnxTensor t) {
        return switch (t.getInfo().type) {
            case FLOAT, FLOAT16, BFLOAT16 -> {
                // A copy on the heap already.
                FloatBuffer b = t.getFloatBuffer();
                if (b.hasArray() && b.arrayOffset() == 0 && b.array().length == b.remaining()) {
                    yield b.array();
                }
                float[] f = new float[b.remaining()];
                b.get(f);
                yield f;
            }
            case INT64 -> toFloats(t.getLongBuffer());
            case INT32 -> {
                java.nio.IntBuffer b = t.getIntBuffer();
                float[] f = new float[b.remaining()];
                for (int i = 0; i < f.length; i++) {
                    f[i] = b.get(i);
                }
                yield f;
            }
            default -> {
                ByteBuffer b = t.getByteBuffer();
                float[] f = new float[b.remaining()];
                for (int i = 0; i < f.length; i++) {
                    f[i] = t.getInfo().type == OnnxJavaType.INT8 ? b.get(i) : b.get(i) & 0xff;
                }
                yield f;
            }
        };
    }

    @Override
    public long[] shape(String value) {
        TensorBuffer slab = slabs.get(value);
        return slab != null
                ? slab.shape()
                : Objects.requireNonNull(foreign.get(value)).getInfo().getShape();
    }

    private void release() {
        open.forEach(OrtSession.Result::close);
        open.clear();
        model.graph().inputs().forEach(i -> {
            OnnxTensor t = foreign.remove(i.name());
            if (t != null) {
                t.close();
            }
        });
        foreign.clear();
    }

    private void closeSlabs() {
        slabs.values().forEach(s -> s.tensor().close());
        slabs.clear();
        planned = List.of();
        places.startOver();
        unshared.clear();
        settled.clear();
        unpredictable.clear();
    }

    @Override
    public void close() {
        release();
        closeSlabs();
    }
}
