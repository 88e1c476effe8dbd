package dev.detent.runtime;

import ai.onnxruntime.OrtSession;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.run.Simulator;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A model cut at its quantization points: ONNX Runtime computes the segments, Java observes or quantizes in between.
 * Which points quantize can be switched at any time between samples. Thread-safe for running; configs must not move
 * meanwhile.
 */
public final class SegmentedSimulation implements Simulation {

    /** Receives the outputs of a sample; called by worker threads, each sample once. */
    @FunctionalInterface
    public interface OutputSink {
        void accept(int sample, Outputs outputs);
    }

    /** Outputs of the sample that was just run, valid during the callback. */
    public interface Outputs {
        float[] floats(String value);

        long[] shape(String value);
    }

    /** One segment ready to run. */
    record Segment(OrtSession session, List<String> inputs, List<String> outputs) {}

    private final Graph graph;
    private final PartitionPlan plan;
    private final NchwcLayout layout;
    private final List<Segment> segments = new ArrayList<>();
    private final Map<Integer, List<String>> lastRead;
    /** Buffers of workers that have finished, for those that come. */
    private final Queue<SegmentRun> idle = new ConcurrentLinkedQueue<>();

    private final Set<SegmentRun> frames = ConcurrentHashMap.newKeySet();
    private final Set<Slot> switchedOff = ConcurrentHashMap.newKeySet();
    private final BlockedOrder order = new BlockedOrder();

    private SegmentedSimulation(Graph graph, PartitionPlan plan, OrtOptimizationLevel level) {
        this.graph = graph;
        this.plan = plan;
        this.layout = NchwcLayout.of(graph, plan, level);
        List<GraphPartitioner.Part> parts = layout.parts();
        List<NchwcLayout.Plan> plans = layout.plans();
        segments.addAll(IntStream.range(0, parts.size())
                .parallel()
                .mapToObj(i -> {
                    GraphPartitioner.Part p = parts.get(i);
                    return new Segment(
                            OrtRuntime.session(
                                    plans.get(i).graph(),
                                    plans.get(i).optimised() ? OrtOptimizationLevel.ASIS : level,
                                    p.outputs().isEmpty() ? "" : p.outputs().get(0),
                                    false),
                            p.inputs(),
                            p.outputs());
                })
                .toList());
        this.lastRead = lastRead();
    }

    private Map<Integer, List<String>> lastRead() {
        Map<String, Integer> last = new LinkedHashMap<>();
        graph.inputs().forEach(v -> versions(v.name()).forEach(name -> last.put(name, 0)));
        for (int s = 0; s < segments.size(); s++) {
            int segment = s;
            segments.get(s).inputs().forEach(v -> last.put(v, segment));
            segments.get(s).outputs().forEach(v -> versions(v).forEach(name -> last.put(name, segment)));
        }
        graph.outputs().forEach(v -> last.remove(v.name()));
        return last.keySet().stream().collect(Collectors.groupingBy(last::get));
    }

    /** The value itself and what it is quantized to for consumers. */
    private Stream<String> versions(String value) {
        PartitionPlan.Cut cut = plan.cuts().get(value);
        return Stream.concat(
                Stream.of(value),
                cut == null ? Stream.of() : cut.versions().stream().map(PartitionPlan.Version::name));
    }

    /**
     * Cuts at the active slots of {@code quantization} and at the observed values. The graph's value infos must hold
     * every type.
     */
    public static SegmentedSimulation of(
            Graph graph,
            Optional<? extends Quantization> quantization,
            Set<String> observed,
            OrtOptimizationLevel level) {
        return new SegmentedSimulation(graph, PartitionPlan.of(graph, quantization, observed), level);
    }

    Graph graph() {
        return graph;
    }

    NchwcLayout layout() {
        return layout;
    }

    BlockedOrder order() {
        return order;
    }

    /** Values that nothing reads behind a segment, nor after the run. */
    List<String> lastReadBy(int segment) {
        return lastRead.getOrDefault(segment, List.of());
    }

    PartitionPlan plan() {
        return plan;
    }

    List<Segment> segments() {
        return segments;
    }

    @Override
    public boolean serves(Quantization quantization) {
        return plan.serves(graph, quantization);
    }

    public int segmentCount() {
        return segments.size();
    }

    /** Switches quantization at a slot off or on again; takes effect with the next sample. */
    public void toggle(Slot slot, boolean on) {
        if (on) {
            switchedOff.remove(slot);
        } else {
            switchedOff.add(slot);
        }
    }

    @Nullable
    FakeQuantizer quantizer(@Nullable TensorQuantization config) {
        if (config == null || switchedOff.contains(config.slot())) {
            return null;
        }
        return config.qparams().map(p -> new FakeQuantizer(config.scheme(), p)).orElse(null);
    }

    @Override
    public <S extends Sketch> List<S> observe(
            List<Simulator.Observation<S>> observations, Samples samples, int workers, IntConsumer progress) {
        ObservationRun<S> sketches = new ObservationRun<>(graph, observations);
        run(samples, workers, progress, frame -> sketches.attach(frame::observe), (i, o) -> {});
        return sketches.merged();
    }

    @Override
    public void forEach(Samples samples, int workers, IntConsumer progress, OutputSink sink) {
        run(samples, workers, progress, frame -> () -> {}, sink);
    }

    private interface Prepare {
        /** Prepares a worker's frame and returns what to do when the worker has finished. */
        Runnable prepare(SegmentRun frame);
    }

    private void run(Samples samples, int workers, IntConsumer progress, Prepare prepare, OutputSink sink) {
        AtomicInteger next = new AtomicInteger();
        AtomicInteger done = new AtomicInteger();
        Workers.run(Math.max(1, Math.min(workers, samples.size())), stop -> {
            SegmentRun kept = idle.poll();
            SegmentRun frame = kept != null ? kept : new SegmentRun(this);
            frames.add(frame);
            Runnable finished = prepare.prepare(frame);
            for (int i = next.getAndIncrement(); i < samples.size() && !stop.get(); i = next.getAndIncrement()) {
                frame.run(samples.get(i), i, samples.describe(i));
                sink.accept(i, frame);
                progress.accept(done.incrementAndGet());
            }
            finished.run();
            frame.forgetWatches();
            idle.add(frame);
        });
    }

    @Override
    public void close() {
        frames.forEach(SegmentRun::close);
        segments.forEach(s -> OrtRuntime.close(s.session()));
        order.close();
    }
}
