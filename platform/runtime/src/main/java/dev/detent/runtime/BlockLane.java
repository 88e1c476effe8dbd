package dev.detent.runtime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxTensorLike;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.detent.runtime.BlockStages.Backward;
import dev.detent.runtime.BlockStages.Stage;
import dev.detent.runtime.gradient.GradientGraph;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.TensorQuantization;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Runs a block on one sample after the other and adds up gradients. Has buffers of its own for every value; used by one
 * thread at a time.
 */
final class BlockLane implements AutoCloseable {

    /**
     * How a block is run.
     *
     * @param quantizers by the slot of the config; empty for the float network
     * @param drop probability that an element is not quantized
     */
    record Mode(Map<Slot, FakeQuantizer> quantizers, double drop, long seed) {
        static final Mode FLOAT = new Mode(Map.of(), 0, 0);
    }

    /** Gradients of several samples, added up in their order. */
    record Sums(Map<String, float[]> parameters, Map<Slot, StraightThrough.Sums> quantizers) {
        Sums() {
            this(new LinkedHashMap<>(), new LinkedHashMap<>());
        }
    }

    private record Buffer(FloatBuffer values, OnnxTensor tensor) {}

    private final BlockStages block;
    private final Map<String, OnnxTensor> parameters;
    private final Map<String, Buffer> buffers = new HashMap<>();
    private final Map<String, OnnxTensor> foreign = new HashMap<>();
    private final List<AutoCloseable> open = new ArrayList<>();
    private final Set<String> arrived = new HashSet<>();
    private Sums sums = new Sums();
    private final float[] scratch = FakeQuantizer.scratch();
    private final float[] other = FakeQuantizer.scratch();
    private final StraightThrough straightThrough = new StraightThrough();

    /** @param parameters shared by all lanes */
    BlockLane(BlockStages block, Map<String, OnnxTensor> parameters) {
        this.block = block;
        this.parameters = parameters;
    }

    private Buffer buffer(String name, long[] shape) {
        return buffers.computeIfAbsent(name, k -> {
            FloatBuffer values = BufferPool.allocate(BufferPool.size(name, Tensor.count(shape)));
            try {
                return new Buffer(values, OnnxTensor.createTensor(OrtRuntime.environment(), values, shape));
            } catch (OrtException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    private FloatBuffer values(String name) {
        return Objects.requireNonNull(buffers.get(name), name).values();
    }

    /** Whether readers of a value get something else than its producer made. */
    private boolean isRequantized(String value) {
        PartitionPlan.Cut cut = block.plan().cuts().get(value);
        return cut != null && cut.producer() != null;
    }

    private String made(String value) {
        return isRequantized(value) ? BlockStages.raw(value) : value;
    }

    /** Forward. {@code inputs} as they leave the blocks before; where elements are dropped, {@code exact} ones. */
    void forward(Map<String, BlockValue> inputs, Map<String, BlockValue> exact, Mode mode, int sample) {
        arrive(inputs, exact, mode, sample);
        try {
            for (Stage s : block.stages()) {
                forward(s, mode, sample);
            }
        } catch (OrtException e) {
            throw failed(e);
        }
    }

    /** The first part of {@link #forward}: what the block's operators read from outside. */
    void arrive(Map<String, BlockValue> inputs, Map<String, BlockValue> exact, Mode mode, int sample) {
        release();
        for (String in : block.block().inputs()) {
            BlockValue v = Objects.requireNonNull(inputs.get(in), in);
            if (!v.isFloat()) {
                foreign.put(in, v.tensor());
                continue;
            }
            FloatBuffer to = buffer(in, block.shape(in)).values();
            to.put(0, v.floats());
            DropMask mask = DropMask.of(mode.drop(), mode.seed(), sample, in);
            if (mask.isActive()) {
                keep(Objects.requireNonNull(exact.get(in)).floats(), to, mask);
            }
            versions(in, mode, sample);
        }
    }

    private static void keep(float[] exact, FloatBuffer to, DropMask mask) {
        for (int i = 0; i < exact.length; i++) {
            if (mask.at(i)) {
                to.put(i, exact[i]);
            }
        }
    }

    private UserException failed(OrtException e) {
        return new UserException(
                RuntimeProblems.SAMPLE_REFUSED,
                "cannot be run: " + OrtRuntime.firstLine(e),
                String.join(", ", block.block().outputs()),
                e);
    }

    private void forward(Stage s, Mode mode, int sample) throws OrtException {
        Map<String, OnnxTensorLike> inputs = new LinkedHashMap<>();
        s.inputs().forEach(in -> inputs.put(in, tensor(in)));
        Map<String, OnnxValue> pinned = new LinkedHashMap<>();
        Set<String> requested = new LinkedHashSet<>();
        for (String out : s.outputs()) {
            if (block.isFloat(out)) {
                pinned.put(out, buffer(made(out), block.shape(out)).tensor());
            } else {
                requested.add(out);
            }
        }
        for (String k : s.kept()) {
            if (block.isFloat(k)) {
                pinned.put(k, buffer(k, block.shape(k)).tensor());
            } else {
                requested.add(k);
            }
        }
        OrtSession.Result result = s.forward().run(inputs, requested, pinned);
        open.add(result);
        for (String r : requested) {
            if (result.get(r).orElseThrow() instanceof OnnxTensor t) {
                foreign.put(r, t);
            }
        }
        for (String out : s.outputs()) {
            if (block.isFloat(out)) {
                quantized(out, mode, sample);
                versions(out, mode, sample);
            }
        }
    }

    private OnnxTensor tensor(String name) {
        OnnxTensor parameter = parameters.get(name);
        if (parameter != null) {
            return parameter;
        }
        Buffer buffer = buffers.get(name);
        return buffer != null ? buffer.tensor() : Objects.requireNonNull(foreign.get(name), name);
    }

    private void quantized(String value, Mode mode, int sample) {
        PartitionPlan.Cut cut = block.plan().cuts().get(value);
        if (cut != null && cut.producer() != null) {
            FloatBuffer to = buffer(value, block.shape(value)).values();
            quantize(values(made(value)), to, cut.producer(), value, mode, sample);
        }
    }

    private void versions(String value, Mode mode, int sample) {
        PartitionPlan.Cut cut = block.plan().cuts().get(value);
        if (cut != null) {
            for (PartitionPlan.Version v : cut.versions()) {
                FloatBuffer to = buffer(v.name(), block.shape(value)).values();
                quantize(values(value), to, v.config(), v.name(), mode, sample);
            }
        }
    }

    private void quantize(
            FloatBuffer from, FloatBuffer to, TensorQuantization config, String name, Mode mode, int sample) {
        FakeQuantizer q = mode.quantizers().get(config.slot());
        if (q == null) {
            to.put(0, from, 0, from.limit());
            return;
        }
        q.apply(from, to, block.shape(base(name)), scratch);
        DropMask mask = DropMask.of(mode.drop(), mode.seed(), sample, name);
        if (mask.isActive()) {
            for (int i = 0; i < from.limit(); i++) {
                if (mask.at(i)) {
                    to.put(i, from.get(i));
                }
            }
        }
    }

    private String base(String name) {
        return block.plan().base(name);
    }

    /** What the readers of a value get; valid until the next run. */
    BlockValue output(String value) {
        if (!block.isFloat(value)) {
            return BlockValue.of(Objects.requireNonNull(foreign.get(value)));
        }
        return BlockValue.of(floats(value));
    }

    /** A copy of a value, or of a version of it. */
    float[] floats(String value) {
        FloatBuffer b = values(value);
        float[] copy = new float[b.limit()];
        b.get(0, copy);
        return copy;
    }

    /** Squared error of one output. */
    double error(String value, float[] target, ChannelWeights weights) {
        FloatBuffer y = values(value);
        double sum = 0;
        for (int at = 0; at < target.length; at += scratch.length) {
            int length = Math.min(scratch.length, target.length - at);
            y.get(at, scratch, 0, length);
            for (int i = 0; i < length; i++) {
                double d = (double) scratch[i] - target[at + i];
                sum += weights.at(at + i) * d * d;
            }
        }
        return sum;
    }

    /** Gradient to a value, after {@link #backward}; empty when none came there. */
    float[] gradientOf(String value) {
        return arrived.contains(gradient(value)) ? floats(gradient(value)) : new float[0];
    }

    /**
     * Backward, after {@link #forward} of the same sample and mode: adds to the sums.
     *
     * @param factors of the squared errors in the sum that is differentiated, by output
     * @param weights of the channels of outputs, where they do not count alike
     */
    void backward(
            Map<String, float[]> targets,
            Map<String, Double> factors,
            Map<String, ChannelWeights> weights,
            Mode mode,
            int sample,
            Sums to) {
        sums = to;
        arrived.clear();
        factors.forEach((value, factor) -> {
            float[] target = Objects.requireNonNull(targets.get(value));
            FloatBuffer y = values(value);
            ChannelWeights weight = weights.getOrDefault(value, ChannelWeights.NONE);
            FloatBuffer upstream = buffer(gradient(value), block.shape(value)).values();
            for (int at = 0; at < target.length; at += scratch.length) {
                int length = Math.min(scratch.length, target.length - at);
                y.get(at, scratch, 0, length);
                for (int i = 0; i < length; i++) {
                    scratch[i] = (float) (2 * factor * weight.at(at + i) * ((double) scratch[i] - target[at + i]));
                }
                upstream.put(at, scratch, 0, length);
            }
            arrived.add(gradient(value));
        });
        try {
            for (int s = block.stages().size() - 1; s >= 0; s--) {
                Stage stage = block.stages().get(s);
                stage.outputs().stream().filter(block::isFloat).forEach(out -> throughCut(out, mode, sample));
                if (stage.backward() != null) {
                    backward(stage, stage.backward());
                }
            }
        } catch (OrtException e) {
            throw failed(e);
        }
        block.block().inputs().stream().filter(block::isFloat).forEach(in -> throughVersions(in, mode, sample));
    }

    private static String gradient(String name) {
        return "gradient::" + name;
    }

    /** From what reads a value to what makes it. */
    private void throughCut(String value, Mode mode, int sample) {
        throughVersions(value, mode, sample);
        PartitionPlan.Cut cut = block.plan().cuts().get(value);
        if (cut != null && cut.producer() != null && arrived.contains(gradient(value))) {
            through(cut.producer(), made(value), value, value, mode, sample);
        }
    }

    private void throughVersions(String value, Mode mode, int sample) {
        PartitionPlan.Cut cut = block.plan().cuts().get(value);
        if (cut == null) {
            return;
        }
        for (PartitionPlan.Version v : cut.versions()) {
            if (arrived.contains(gradient(v.name()))) {
                through(v.config(), value, v.name(), v.name(), mode, sample);
                add(values(gradient(v.name())), gradient(value), block.shape(value));
            }
        }
    }

    /** Turns the gradient to {@code to} into that to {@code from}, in place. */
    private void through(TensorQuantization config, String from, String to, String name, Mode mode, int sample) {
        FakeQuantizer q = mode.quantizers().get(config.slot());
        if (q != null) {
            straightThrough.apply(
                    q,
                    values(from),
                    values(to),
                    values(gradient(to)),
                    block.shape(base(name)),
                    sums.quantizers()
                            .computeIfAbsent(config.root().slot(), k -> StraightThrough.Sums.of(q.parameters())),
                    DropMask.of(mode.drop(), mode.seed(), sample, name));
        }
    }

    private void add(FloatBuffer gradient, String to, long[] shape) {
        FloatBuffer sum = buffer(to, shape).values();
        if (arrived.add(to)) {
            sum.put(0, gradient, 0, gradient.limit());
            return;
        }
        for (int at = 0; at < gradient.limit(); at += scratch.length) {
            int length = Math.min(scratch.length, gradient.limit() - at);
            gradient.get(at, scratch, 0, length);
            sum.get(at, other, 0, length);
            for (int i = 0; i < length; i++) {
                other[i] += scratch[i];
            }
            sum.put(at, other, 0, length);
        }
    }

    private void backward(Stage stage, Backward way) throws OrtException {
        if (way.upstream().stream().noneMatch(o -> arrived.contains(gradient(o)))) {
            return;
        }
        Map<String, OnnxTensorLike> inputs = new LinkedHashMap<>();
        for (String out : way.upstream()) {
            Buffer g = buffer(gradient(out), block.shape(out));
            if (!arrived.contains(gradient(out))) {
                for (int i = 0; i < g.values().limit(); i++) {
                    g.values().put(i, 0);
                }
            }
            inputs.put(GradientGraph.upstream(out), g.tensor());
        }
        for (String r : way.graph().reads()) {
            inputs.put(r, stage.outputs().contains(r) ? tensor(made(r)) : tensor(r));
        }
        Map<String, OnnxValue> pinned = new LinkedHashMap<>();
        way.graph()
                .gradients()
                .forEach((value, name) -> pinned.put(
                        name, buffer("result::" + value, block.shape(value)).tensor()));
        way.session().run(inputs, Set.of(), pinned).close();
        for (String value : way.graph().gradients().keySet()) {
            FloatBuffer result = values("result::" + value);
            if (parameters.containsKey(value)) {
                sum(value, result);
            } else {
                add(result, gradient(value), block.shape(value));
            }
        }
    }

    private void sum(String parameter, FloatBuffer gradient) {
        float[] sum = sums.parameters().computeIfAbsent(parameter, k -> new float[gradient.limit()]);
        for (int at = 0; at < sum.length; at += scratch.length) {
            int length = Math.min(scratch.length, sum.length - at);
            gradient.get(at, scratch, 0, length);
            for (int i = 0; i < length; i++) {
                sum[at + i] += scratch[i];
            }
        }
    }

    private void release() {
        open.forEach(BlockLane::close);
        open.clear();
        foreign.clear();
    }

    private static void close(AutoCloseable c) {
        try {
            c.close();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        release();
        buffers.values().forEach(b -> b.tensor().close());
        buffers.clear();
    }
}
