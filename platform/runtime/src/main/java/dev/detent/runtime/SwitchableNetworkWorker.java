package dev.detent.runtime;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxTensorLike;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.TensorQuantization;
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
import org.jspecify.annotations.Nullable;

/**
 * One worker's tensors of a {@link SwitchableNetwork}: of the float network, of the quantized one, and of the variant
 * that is being computed, which reads from the base whatever it does not change.
 */
final class SwitchableNetworkWorker implements AutoCloseable, SwitchableNetwork.Bases {

    /** A tensor at a cut; one that ONNX Runtime owns, as those that are not float are, has no buffer. */
    private record Held(OnnxTensor tensor, @Nullable FloatBuffer buffer, long[] shape) {}

    /** The tensors of one way through the network. */
    private static final class Tensors implements SegmentedSimulation.Outputs {
        /** What segments computed, by value. */
        final Map<String, Held> raw = new HashMap<>();
        /** What segments read, by version. */
        final Map<String, Held> read = new HashMap<>();
        /** Buffers for both, kept from sample to sample. */
        final Map<String, Held> rawBuffers = new HashMap<>();

        final Map<String, Held> readBuffers = new HashMap<>();
        final List<OrtSession.Result> open = new ArrayList<>();
        final @Nullable Tensors base;

        Tensors(@Nullable Tensors base) {
            this.base = base;
        }

        Held read(String version) {
            Held own = read.get(version);
            if (own != null) {
                return own;
            }
            if (base != null) {
                return base.read(version);
            }
            throw new UserException(
                    RuntimeProblems.NO_TENSOR_BETWEEN_PARTS,
                    "is no tensor but a sequence, map or optional, which Detent cannot pass on between quantized parts "
                            + "of a network",
                    version);
        }

        Held raw(String value) {
            Held own = raw.get(value);
            return own != null ? own : base != null ? base.raw(value) : Objects.requireNonNull(raw.get(value), value);
        }

        void forget() {
            open.forEach(OrtSession.Result::close);
            open.clear();
            raw.clear();
            read.clear();
        }

        @Override
        public float[] floats(String value) {
            Held h = read(value);
            if (h.buffer() == null) {
                return TensorFloats.of(h.tensor());
            }
            float[] copy = new float[h.buffer().limit()];
            h.buffer().get(0, copy);
            return copy;
        }

        @Override
        public long[] shape(String value) {
            return read(value).shape();
        }
    }

    private final SwitchableNetwork network;
    private final float[] scratch = FakeQuantizer.scratch();
    private final Tensors exact = new Tensors(null);
    private final Tensors quantized = new Tensors(null);
    private final Tensors onFloat = new Tensors(exact);
    private final Tensors onQuantized = new Tensors(quantized);
    private final List<OnnxTensor> fed = new ArrayList<>();
    private FloatBuffer ordered = BufferPool.allocate(0);
    /** What the sample is called that is computed. */
    private String described = "";

    SwitchableNetworkWorker(SwitchableNetwork network) {
        this.network = network;
    }

    /** Computes a sample in the float and in the quantized network. */
    void bases(Sample sample, String description) {
        release();
        described = description;
        guarded(description, () -> {
            feed(sample, description, exact, Variant.Base.FLOAT);
            for (int s = 0; s < network.parts().size(); s++) {
                run(s, network.parts().get(s).exact(), exact, Set.of(), Optional.empty());
            }
            feed(sample, description, quantized, Variant.Base.QUANTIZED);
            for (int s = 0; s < network.parts().size(); s++) {
                run(s, network.parts().get(s).quantized(), quantized, Set.of(), Optional.empty());
            }
        });
    }

    /** Computes a variant of the sample; what comes back is valid until the next. */
    SegmentedSimulation.Outputs run(SwitchableNetwork.Route route) {
        boolean onFloats = route.variant().base() == Variant.Base.FLOAT;
        Tensors tensors = onFloats ? onFloat : onQuantized;
        tensors.forget();
        guarded(described, () -> {
            for (String value : route.touched()) {
                arrive(value, Objects.requireNonNull(tensors.base).raw(value), tensors, Optional.of(route));
            }
            for (int s : route.segments()) {
                OrtSession own = route.sessions().get(s);
                SwitchableNetwork.Part part = network.parts().get(s);
                run(
                        s,
                        own != null ? own : onFloats ? part.exact() : part.quantized(),
                        tensors,
                        route.reads().getOrDefault(s, Set.of()),
                        Optional.of(route));
            }
        });
        return tensors;
    }

    @FunctionalInterface
    private interface Work {
        void run() throws OrtException;
    }

    private static void guarded(String description, Work work) {
        try {
            work.run();
        } catch (OrtException e) {
            throw new UserException(
                    RuntimeProblems.SAMPLE_REFUSED,
                    "the model cannot be run on it: " + OrtRuntime.firstLine(e),
                    description,
                    e);
        }
    }

    private void feed(Sample sample, String description, Tensors tensors, Variant.Base base) throws OrtException {
        for (ValueInfo input : network.graph().inputs()) {
            Sample.Input in = BlockBoundaries.given(sample, input.name(), description);
            if (in.type() == ElementType.FLOAT) {
                Held held = buffer(tensors.rawBuffers, input.name(), in.shape());
                FloatBuffer to = Objects.requireNonNull(held.buffer());
                to.put(0, in.data().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer(), 0, to.limit());
                tensors.raw.put(input.name(), held);
                arrive(input.name(), held, tensors, Optional.empty(), base);
            } else {
                OnnxTensor t = OnnxTensor.createTensor(
                        OrtRuntime.environment(), in.data(), in.shape(), ShapeInference.javaType(in.type()));
                fed.add(t);
                Held held = new Held(t, null, in.shape());
                tensors.raw.put(input.name(), held);
                tensors.read.put(input.name(), held);
            }
        }
    }

    private void run(
            int index,
            OrtSession session,
            Tensors tensors,
            Set<String> switched,
            Optional<SwitchableNetwork.Route> route)
            throws OrtException {
        SwitchableNetwork.Part part = network.parts().get(index);
        Map<String, OnnxTensorLike> inputs = new LinkedHashMap<>();
        for (String in : part.inputs()) {
            inputs.put(in, (switched.contains(in) ? switched(in, tensors, route) : tensors.read(in)).tensor());
        }
        Map<String, OnnxValue> pinned = new LinkedHashMap<>();
        for (String out : part.outputs()) {
            Held known = tensors == exact ? exact.rawBuffers.get(out) : exact.raw.get(out);
            if (known != null && known.buffer() != null) {
                pinned.put(out, buffer(tensors.rawBuffers, out, known.shape()).tensor());
            }
        }
        OrtSession.Result result = run(session, inputs, part.outputs(), pinned);
        boolean foreign = false;
        for (String out : part.outputs()) {
            Held held;
            if (pinned.containsKey(out)) {
                held = Objects.requireNonNull(tensors.rawBuffers.get(out));
            } else if (!(result.get(out).orElseThrow() instanceof OnnxTensor t)) {
                continue;
            } else if (t.getInfo().type == OnnxJavaType.FLOAT) {
                held = buffer(tensors.rawBuffers, out, t.getInfo().getShape());
                FloatBuffer to = Objects.requireNonNull(held.buffer());
                if (to.limit() > 0) {
                    to.put(0, t.getFloatBuffer(), 0, to.limit());
                }
            } else {
                foreign = true;
                held = new Held(t, null, t.getInfo().getShape());
            }
            tensors.raw.put(out, held);
            arrive(
                    out,
                    held,
                    tensors,
                    route,
                    route.map(r -> r.variant().base())
                            .orElse(tensors == exact ? Variant.Base.FLOAT : Variant.Base.QUANTIZED));
        }
        if (foreign) {
            tensors.open.add(result);
        } else {
            result.close();
        }
    }

    /** The raw value where the base quantizes it, the quantized one where the base does not. */
    private Held switched(String version, Tensors tensors, Optional<SwitchableNetwork.Route> route)
            throws OrtException {
        String value = network.plan().base(version);
        Held raw = tensors.raw(value);
        PartitionPlan.Cut cut = network.plan().cuts().get(value);
        if (cut == null || raw.buffer() == null || route.orElseThrow().variant().base() == Variant.Base.QUANTIZED) {
            return raw;
        }
        List<TensorQuantization> way = new ArrayList<>();
        if (cut.producer() != null) {
            way.add(cut.producer());
        }
        cut.versions().stream().filter(v -> v.name().equals(version)).forEach(v -> way.add(v.config()));
        Held held = raw;
        for (TensorQuantization config : way) {
            Optional<FakeQuantizer> q = SwitchableNetwork.encoding(Variant.Base.QUANTIZED, config);
            if (q.isPresent()) {
                Held to = buffer(tensors.readBuffers, version + "::switched", raw.shape());
                q.get()
                        .apply(
                                Objects.requireNonNull(held.buffer()),
                                Objects.requireNonNull(to.buffer()),
                                raw.shape(),
                                scratch);
                held = to;
            }
        }
        return held;
    }

    /** Shapes that depend on the data may not be what they were: then ONNX Runtime allocates, and nothing is pinned. */
    private static OrtSession.Result run(
            OrtSession session, Map<String, OnnxTensorLike> inputs, List<String> outputs, Map<String, OnnxValue> pinned)
            throws OrtException {
        Set<String> requested = new LinkedHashSet<>(outputs);
        requested.removeAll(pinned.keySet());
        try {
            return session.run(inputs, requested, pinned);
        } catch (OrtException e) {
            if (pinned.isEmpty()) {
                throw e;
            }
            pinned.clear();
            return session.run(inputs, new LinkedHashSet<>(outputs), Map.of());
        }
    }

    private void arrive(String value, Held raw, Tensors tensors, Optional<SwitchableNetwork.Route> route)
            throws OrtException {
        arrive(value, raw, tensors, route, route.orElseThrow().variant().base());
    }

    /** Gives readers what they read of a value. */
    private void arrive(
            String value, Held raw, Tensors tensors, Optional<SwitchableNetwork.Route> route, Variant.Base base)
            throws OrtException {
        PartitionPlan.Cut cut = network.plan().cuts().get(value);
        if (cut == null || raw.buffer() == null) {
            tensors.read.put(value, raw);
            return;
        }
        Optional<Variant> variant = route.map(SwitchableNetwork.Route::variant);
        Held first = raw;
        if (cut.producer() != null) {
            Optional<FakeQuantizer> q = encoding(variant, base, cut.producer());
            if (q.isPresent()) {
                // The raw values of a variant are its own, unless nobody computed them anew.
                boolean inPlace =
                        route.filter(r -> !r.keptRaw().contains(value)).isPresent() && tensors.raw.containsKey(value);
                first = inPlace ? raw : buffer(tensors.readBuffers, value, raw.shape());
                q.get().apply(raw.buffer(), Objects.requireNonNull(first.buffer()), raw.shape(), scratch);
            }
        }
        tensors.read.put(value, first);
        for (PartitionPlan.Version v : cut.versions()) {
            Optional<FakeQuantizer> q = encoding(variant, base, v.config());
            Held copy = first;
            if (q.isPresent()) {
                copy = buffer(tensors.readBuffers, v.name(), raw.shape());
                q.get()
                        .apply(
                                Objects.requireNonNull(first.buffer()),
                                Objects.requireNonNull(copy.buffer()),
                                raw.shape(),
                                scratch);
            }
            tensors.read.put(v.name(), copy);
        }
    }

    private static Optional<FakeQuantizer> encoding(
            Optional<Variant> variant, Variant.Base base, TensorQuantization config) {
        if (variant.isPresent()) {
            Optional<FakeQuantizer> own = variant.get().encodings().get(config.slot());
            if (own != null) {
                return own;
            }
        }
        return SwitchableNetwork.encoding(base, config);
    }

    private static Held buffer(Map<String, Held> buffers, String name, long[] shape) throws OrtException {
        Held held = buffers.get(name);
        if (held != null && Arrays.equals(held.shape(), shape)) {
            return held;
        }
        int size = BufferPool.size(name, Tensor.count(shape));
        FloatBuffer place =
                held != null && held.buffer() != null && held.buffer().capacity() >= size
                        ? held.buffer().clear().slice(0, size)
                        : BufferPool.allocate(size);
        if (held != null) {
            held.tensor().close();
        }
        Held fresh = new Held(OnnxTensor.createTensor(OrtRuntime.environment(), place, shape), place, shape.clone());
        buffers.put(name, fresh);
        return fresh;
    }

    @Override
    public SegmentedSimulation.Outputs exact() {
        return exact;
    }

    @Override
    public SegmentedSimulation.Outputs quantized() {
        return quantized;
    }

    @Override
    public float[] ordered(String value) {
        Optional<Integer> channels = network.layout().channels(value);
        if (channels.isEmpty()) {
            return exact.floats(value);
        }
        Held held = exact.read(value);
        long[] shape = NchwcLayout.logical(held.shape(), channels.get());
        int size = (int) (shape[0] * shape[1] * shape[2] * shape[3]);
        if (ordered.capacity() < size) {
            ordered = BufferPool.allocate(size);
        }
        FloatBuffer plain = ordered.slice(0, size);
        guarded(value, () -> {
            try (OnnxTensor to = OnnxTensor.createTensor(OrtRuntime.environment(), plain, shape)) {
                network.order().putInOrder(held.tensor(), channels.get(), to);
            }
        });
        float[] copy = new float[size];
        plain.get(0, copy);
        return copy;
    }

    void release() {
        List.of(onFloat, onQuantized, exact, quantized).forEach(Tensors::forget);
        fed.forEach(OnnxTensor::close);
        fed.clear();
    }

    @Override
    public void close() {
        release();
        List.of(onFloat, onQuantized, exact, quantized).forEach(t -> {
            t.rawBuffers.values().forEach(h -> h.tensor().close());
            t.readBuffers.values().forEach(h -> h.tensor().close());
        });
    }
}
