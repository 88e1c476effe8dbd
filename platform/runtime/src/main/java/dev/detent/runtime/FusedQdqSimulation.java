package dev.detent.runtime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import dev.detent.onnx.OnnxWriter;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.problem.InternalException;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.run.Simulator;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.IntConsumer;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * The segments of a simulated network put together again, with QuantizeLinear and DequantizeLinear between them: no
 * tensor leaves ONNX Runtime on the way. Each segment has been optimised on its own before, so nothing is fused across
 * a quantization, and the blocked layout stays where it was. Scales and zero points are inputs of the session; only for
 * schemes those operators have.
 */
final class FusedQdqSimulation implements Simulation {

    private static final String SCALE = "::scale";
    private static final String ZERO = "::zero";

    /** A quantization on the way: parameters come from the config when a pass begins. */
    private record Pair(String name, TensorQuantization config) {}

    private final Graph graph;
    private final PartitionPlan plan;
    private final List<Pair> pairs = new ArrayList<>();
    /** Watched values, and the outputs of the session that show them. */
    private final Map<String, String> watched = new LinkedHashMap<>();

    private final OrtModel whole;

    private FusedQdqSimulation(Graph graph, PartitionPlan plan, Set<String> watched, OrtOptimizationLevel level) {
        this.graph = graph;
        this.plan = plan;
        NchwcLayout layout = NchwcLayout.of(graph, plan, level);
        List<GraphPartitioner.Part> parts = layout.parts();
        List<Graph> segments = segments(layout.plans(), level);
        Graph joined = new Graph();
        GraphEditor edit = joined.edit();
        edit.opaque(graph.opaque());
        Map<String, Integer> opsets = new LinkedHashMap<>(graph.opsets());
        segments.forEach(s -> s.opsets().forEach((domain, version) -> opsets.merge(domain, version, Math::max)));
        opsets.forEach(edit::opset);
        graph.inputs().forEach(edit::input);
        graph.inputs().forEach(v -> quantize(v.name(), edit));
        for (int i = 0; i < segments.size(); i++) {
            add(segments.get(i), parts.get(i), "segment" + i + "/", edit);
            parts.get(i).outputs().forEach(v -> quantize(v, edit));
        }
        graph.outputs().forEach(edit::output);
        watched.forEach(v -> watch(v, layout.channels(v), joined, edit));
        this.whole = OrtModel.of(joined, OrtOptimizationLevel.ASIS, "simulation");
    }

    /**
     * Empty when ONNX Runtime has no operators for an active config, or a node carries a subgraph, which nothing here
     * looks into.
     */
    static Optional<FusedQdqSimulation> of(
            Graph graph,
            Optional<? extends Quantization> quantization,
            Set<String> watched,
            OrtOptimizationLevel level) {
        PartitionPlan plan = PartitionPlan.of(graph, quantization, watched);
        boolean representable = plan.cuts().values().stream()
                .allMatch(c -> (c.producer() == null
                                || storage(c.producer().scheme()).isPresent())
                        && c.versions().stream()
                                .allMatch(v -> storage(v.config().scheme()).isPresent()));
        return graph.nodes().stream().anyMatch(Node::hasSubgraph) || !representable
                ? Optional.empty()
                : Optional.of(new FusedQdqSimulation(graph, plan, watched, level));
    }

    private static List<Graph> segments(List<NchwcLayout.Plan> plans, OrtOptimizationLevel level) {
        Predicate<NchwcLayout.Plan> waits =
                p -> level == OrtOptimizationLevel.ALL && !p.optimised() && !isPlain(p.graph());
        Map<Graph, Graph> optimised = SegmentOptimizer.optimise(
                plans.stream().filter(waits).map(NchwcLayout.Plan::graph).toList());
        return plans.stream()
                .map(p -> optimised.getOrDefault(p.graph(), p.graph()))
                .toList();
    }

    /**
     * Taken as it is: a lone operator without weights, constants that would leave nothing, or more than one file holds.
     */
    private static boolean isPlain(Graph segment) {
        return segment.inputs().isEmpty()
                || !OnnxWriter.fitsOneFile(segment)
                || segment.nodes().size() == 1 && segment.initializers().isEmpty();
    }

    /** The type of the codes; empty when there is none of 8 bits that QuantizeLinear rounds into as the scheme does. */
    private static Optional<ElementType> storage(Scheme scheme) {
        return scheme.system().isAffineInteger() && !scheme.isPerBlock()
                ? scheme.system().storage(scheme).filter(t -> t == ElementType.INT8 || t == ElementType.UINT8)
                : Optional.empty();
    }

    private void add(Graph part, GraphPartitioner.Part crossing, String prefix, GraphEditor edit) {
        Set<String> outside = new HashSet<>(crossing.inputs());
        outside.addAll(crossing.outputs());
        UnaryOperator<String> rename =
                v -> !outside.contains(v) ? prefix + v : crossing.outputs().contains(v) && isQuantized(v) ? raw(v) : v;
        part.initializers().forEach((name, t) -> edit.initializer(rename.apply(name), t));
        for (Node n : part.nodes()) {
            edit.add(n.renamed(prefix + n.name(), rename));
        }
    }

    /** Makes the raw value an output of the session, in the plain layout. */
    private void watch(String value, Optional<Integer> channels, Graph joined, GraphEditor edit) {
        String raw = isQuantized(value) ? raw(value) : value;
        String shown = raw;
        if (channels.isPresent() || joined.isInput(raw)) {
            // No session gives an input back, or a blocked tensor that others read.
            shown = value + "::watched";
            edit.add(
                    channels.isPresent()
                            ? NchwcLayout.toPlain(raw, shown, channels.get())
                            : Node.of(shown, "Identity", List.of(raw), List.of(shown), Map.of()));
        }
        if (!joined.isOutput(shown)) {
            edit.output(new ValueInfo(shown, ElementType.FLOAT, Optional.empty(), UnmodeledProto.NONE));
        }
        watched.put(value, shown);
    }

    private static String raw(String value) {
        return value + "::raw";
    }

    private boolean isQuantized(String value) {
        PartitionPlan.Cut cut = plan.cuts().get(value);
        return cut != null && cut.producer() != null;
    }

    private void quantize(String value, GraphEditor edit) {
        PartitionPlan.Cut cut = plan.cuts().get(value);
        if (cut == null) {
            return;
        }
        if (cut.producer() != null) {
            quantize(raw(value), value, cut.producer(), edit);
        }
        cut.versions().forEach(v -> quantize(value, v.name(), v.config(), edit));
    }

    private void quantize(String from, String to, TensorQuantization config, GraphEditor edit) {
        Scheme scheme = config.scheme();
        ElementType type = storage(scheme).orElseThrow();
        long[] dims = config.qparams().orElseThrow().channels() == 1
                ? new long[0]
                : new long[] {config.qparams().orElseThrow().channels()};
        edit.input(ValueInfo.of(to + SCALE, ElementType.FLOAT, dims));
        edit.input(ValueInfo.of(to + ZERO, type, dims));
        Map<String, Attribute> axis = dims.length == 0
                ? Map.of()
                : Map.of("axis", new Attribute.IntValue(scheme.axis().orElseThrow()));
        String codes = to + "::codes";
        edit.add(Node.of(
                to + "::quantize", "QuantizeLinear", List.of(from, to + SCALE, to + ZERO), List.of(codes), axis));
        if (scheme.quantMin() > type.lowest() || scheme.quantMax() < type.highest()) {
            edit.initializer(to + "::lowest", Tensor.ofCodes(type, new long[0], (int) scheme.quantMin()));
            edit.initializer(to + "::highest", Tensor.ofCodes(type, new long[0], (int) scheme.quantMax()));
            edit.add(Node.of(
                    to + "::clip",
                    "Clip",
                    List.of(codes, to + "::lowest", to + "::highest"),
                    List.of(codes + "::clipped"),
                    Map.of()));
            codes += "::clipped";
        }
        edit.add(Node.of(
                to + "::dequantize", "DequantizeLinear", List.of(codes, to + SCALE, to + ZERO), List.of(to), axis));
        pairs.add(new Pair(to, config));
    }

    @Override
    public boolean serves(Quantization quantization) {
        return plan.serves(graph, quantization);
    }

    @Override
    public <S extends Sketch> List<S> observe(
            List<Simulator.Observation<S>> observations, Samples samples, int workers, IntConsumer progress) {
        if (observations.isEmpty()) {
            // ONNX Runtime wants to be asked for something.
            return List.of();
        }
        ObservationRun<S> sketches = new ObservationRun<>(graph, observations);
        Queue<Map<String, List<ObservationRun.Watch>>> idle = new ConcurrentLinkedQueue<>();
        List<Runnable> finished = new ArrayList<>();
        Set<String> shown = observations.stream()
                .map(o -> watched.get(o.value()))
                .collect(Collectors.toCollection(LinkedHashSet::new));
        run(samples, workers, progress, shown, (i, outputs) -> {
            Map<String, List<ObservationRun.Watch>> mine = idle.poll();
            if (mine == null) {
                Map<String, List<ObservationRun.Watch>> fresh = new LinkedHashMap<>();
                Runnable done = sketches.attach((value, w) ->
                        fresh.computeIfAbsent(value, k -> new ArrayList<>()).add(w));
                synchronized (finished) {
                    finished.add(done);
                }
                mine = fresh;
            }
            mine.forEach((value, watching) -> {
                String shownAs = Objects.requireNonNull(watched.get(value));
                float[] values = outputs.floats(shownAs);
                long[] shape = outputs.shape(shownAs);
                watching.stream()
                        .filter(w -> i < w.samples())
                        .forEach(w -> w.sketch().observe(values, shape));
            });
            idle.add(mine);
        });
        finished.forEach(Runnable::run);
        return sketches.merged();
    }

    @Override
    public void forEach(Samples samples, int workers, IntConsumer progress, SegmentedSimulation.OutputSink sink) {
        run(
                samples,
                workers,
                progress,
                graph.outputs().stream().map(ValueInfo::name).collect(Collectors.toCollection(LinkedHashSet::new)),
                sink);
    }

    private void run(
            Samples samples,
            int workers,
            IntConsumer progress,
            Set<String> outputs,
            SegmentedSimulation.OutputSink sink) {
        Map<String, OnnxTensor> parameters = new HashMap<>();
        try {
            for (Pair p : pairs) {
                feed(p, parameters);
            }
            whole.forEach(samples, workers, progress, parameters, outputs, sink);
        } catch (OrtException e) {
            throw new InternalException(
                    RuntimeProblems.PARAMETERS_NOT_PASSED, "parameters could not be handed to ONNX Runtime", "", e);
        } finally {
            parameters.values().forEach(OnnxTensor::close);
        }
    }

    private static void feed(Pair pair, Map<String, OnnxTensor> parameters) throws OrtException {
        QuantizationParameters p = pair.config().qparams().orElseThrow();
        int n = p.channels();
        ByteBuffer scales = ByteBuffer.allocateDirect(4 * n).order(ByteOrder.nativeOrder());
        ByteBuffer zeros = ByteBuffer.allocateDirect(n);
        for (int c = 0; c < n; c++) {
            scales.putFloat(p.scale(c));
            zeros.put((byte) (int) p.zeroPoint(c));
        }
        long[] shape = n == 1 ? new long[0] : new long[] {n};
        parameters.put(
                pair.name() + SCALE,
                OnnxTensor.createTensor(OrtRuntime.environment(), scales.flip().asFloatBuffer(), shape));
        parameters.put(
                pair.name() + ZERO,
                OnnxTensor.createTensor(
                        OrtRuntime.environment(),
                        zeros.flip(),
                        shape,
                        ShapeInference.javaType(storage(pair.config().scheme()).orElseThrow())));
    }

    @Override
    public void close() {
        whole.close();
    }
}
