package dev.detent.runtime;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxTensorLike;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.detent.runtime.TensorBuffers.TensorBuffer;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Runs samples through the segments, one after the other, on one worker. The first sample of a given shape runs with
 * outputs that ONNX Runtime allocates and tells the shape of every value that crosses a cut; each is copied to its
 * place in {@link TensorBuffers}. For further samples of that shape the places are pinned as the outputs.
 */
final class SegmentRun implements AutoCloseable, SegmentedSimulation.Outputs {

    /** What a segment is run with when every input and output has its place: the same for every sample of a shape. */
    private record BoundSession(Map<String, OnnxTensorLike> inputs, Map<String, OnnxValue> outputs) {}

    private final SegmentedSimulation model;
    private final float[] scratch = FakeQuantizer.scratch();
    private final SketchFeed sketches;
    private final TensorBuffers buffers = new TensorBuffers();
    /** Values that ONNX Runtime owns: those that are not float. */
    private final Map<String, OnnxTensor> foreign = new HashMap<>();

    private final List<OrtSession.Result> open = new ArrayList<>();
    /** Segments, by index, with an output whose shape depends on the data. */
    private final Set<Integer> unpredictable = new LinkedHashSet<>();

    private final Map<Integer, BoundSession> bound = new HashMap<>();
    /** Index of the sample that is run. */
    private int current;

    SegmentRun(SegmentedSimulation model) {
        this.model = model;
        this.sketches = new SketchFeed(model, scratch);
    }

    void observe(String value, ObservationRun.Watch watch) {
        sketches.observe(value, watch);
    }

    /** This worker's buffers stay, the run it watched is over. */
    void forgetWatches() {
        sketches.forgetWatches();
    }

    void run(Sample sample, int index, String description) {
        release();
        current = index;
        try {
            boolean settled = buffers.begin(sample);
            if (!settled) {
                bound.clear();
                unpredictable.clear();
            }
            feed(sample, description);
            for (int s = 0; s < model.segments().size(); s++) {
                run(s);
                if (!settled) {
                    buffers.giveBack(model.lastReadBy(s));
                }
            }
            if (!settled) {
                buffers.settle(sample);
            }
        } catch (OrtException e) {
            throw new UserException(
                    RuntimeProblems.SAMPLE_REFUSED,
                    "the model cannot be run on it: " + OrtRuntime.firstLine(e),
                    description,
                    e);
        }
    }

    private void feed(Sample sample, String description) throws OrtException {
        for (ValueInfo input : model.graph().inputs()) {
            Sample.Input in = BlockBoundaries.given(sample, input.name(), description);
            if (in.type() == ElementType.FLOAT) {
                TensorBuffer there =
                        buffers.areSettled() ? buffers.existing(input.name()) : put(input.name(), in.shape());
                there.buffer()
                        .put(
                                0,
                                in.data().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer(),
                                0,
                                there.buffer().limit());
                arrived(input.name(), there);
            } else {
                OnnxTensor t = OnnxTensor.createTensor(
                        OrtRuntime.environment(), in.data(), in.shape(), ShapeInference.javaType(in.type()));
                foreign.put(input.name(), t);
            }
        }
    }

    private void run(int index) throws OrtException {
        SegmentedSimulation.Segment segment = model.segments().get(index);
        boolean settled = buffers.areSettled();
        if (settled && bound.containsKey(index) && runBound(index, segment)) {
            return;
        }
        Map<String, OnnxTensorLike> inputs = inputs(segment);
        Map<String, OnnxValue> pinned = new LinkedHashMap<>();
        Set<String> requested = new LinkedHashSet<>();
        for (String out : segment.outputs()) {
            TensorBuffer there = settled && !unpredictable.contains(index) ? buffers.get(out) : null;
            if (there != null) {
                pinned.put(out, there.tensor());
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
        if (settled && requested.isEmpty() && !segment.outputs().isEmpty() && buffers.holdAll(segment.inputs())) {
            bound.put(index, new BoundSession(inputs, pinned));
        }
        for (String out : segment.outputs()) {
            if (pinned.containsKey(out)) {
                arrived(out, buffers.existing(out));
            } else {
                take(out, result);
            }
        }
        if (segment.outputs().stream().noneMatch(foreign::containsKey)) {
            open.remove(open.size() - 1).close();
        }
    }

    private Map<String, OnnxTensorLike> inputs(SegmentedSimulation.Segment segment) {
        Map<String, OnnxTensorLike> inputs = new LinkedHashMap<>();
        for (String in : segment.inputs()) {
            TensorBuffer own = buffers.get(in);
            OnnxTensor there = own != null ? own.tensor() : foreign.get(in);
            if (there == null) {
                throw new UserException(
                        RuntimeProblems.NO_TENSOR_BETWEEN_PARTS,
                        "is no tensor but a sequence, map or optional, which Detent cannot pass on between quantized "
                                + "parts of a network",
                        in);
            }
            inputs.put(in, there);
        }
        return inputs;
    }

    /** Takes over an output that ONNX Runtime allocated. */
    private void take(String out, OrtSession.Result result) throws OrtException {
        if (!(result.get(out).orElseThrow() instanceof OnnxTensor t)) {
            // A sequence or map leaves the model, as ZipMap's do; Java's API can hand none to another session.
            return;
        }
        TensorInfo info = t.getInfo();
        if (info.type == OnnxJavaType.FLOAT) {
            TensorBuffer there = put(out, info.getShape());
            if (there.buffer().limit() > 0) {
                there.buffer().put(0, t.getFloatBuffer(), 0, there.buffer().limit());
            }
            arrived(out, there);
        } else {
            foreign.put(out, t);
        }
    }

    /** Gives a value a place; no session is bound any more to the one it had. */
    private TensorBuffer put(String value, long[] shape) throws OrtException {
        if (buffers.get(value) != null) {
            bound.values().removeIf(b -> b.inputs().containsKey(value));
        }
        return buffers.put(value, shape);
    }

    /** False when an output did not fit its place: a shape that depends on the data after all. */
    private boolean runBound(int index, SegmentedSimulation.Segment segment) throws OrtException {
        BoundSession arguments = Objects.requireNonNull(bound.get(index));
        try {
            segment.session()
                    .run(arguments.inputs(), Set.of(), arguments.outputs())
                    .close();
        } catch (OrtException e) {
            bound.remove(index);
            return false;
        }
        for (String out : segment.outputs()) {
            arrived(out, buffers.existing(out));
        }
        return true;
    }

    /** Observes the raw value, then quantizes it for its producer and for each group of consumers. */
    private void arrived(String value, TensorBuffer there) throws OrtException {
        sketches.show(value, there, current);
        PartitionPlan.Cut cut = model.plan().cuts().get(value);
        if (cut == null) {
            return;
        }
        FakeQuantizer producer = model.quantizer(cut.producer());
        if (producer != null) {
            producer.apply(there.buffer(), there.buffer(), there.shape(), scratch);
        }
        for (PartitionPlan.Version v : cut.versions()) {
            TensorBuffer copy = buffers.get(v.name());
            if (copy == null || !Arrays.equals(copy.shape(), there.shape())) {
                copy = put(v.name(), there.shape());
            }
            FakeQuantizer q = model.quantizer(v.config());
            if (q != null) {
                q.apply(there.buffer(), copy.buffer(), there.shape(), scratch);
            } else {
                copy.buffer().put(0, there.buffer(), 0, there.buffer().limit());
            }
        }
    }

    @Override
    public float[] floats(String value) {
        TensorBuffer there = buffers.get(value);
        if (there == null) {
            try {
                return TensorFloats.of(Objects.requireNonNull(foreign.get(value)));
            } catch (RuntimeException e) {
                throw new UserException(
                        RuntimeProblems.NOT_COMPARABLE, "is not a tensor of numbers and cannot be compared", value, e);
            }
        }
        float[] copy = new float[there.buffer().limit()];
        there.buffer().get(0, copy);
        return copy;
    }

    @Override
    public long[] shape(String value) {
        TensorBuffer there = buffers.get(value);
        return there != null
                ? there.shape()
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

    @Override
    public void close() {
        release();
        buffers.close();
        bound.clear();
    }
}
