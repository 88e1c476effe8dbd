package dev.detent.runtime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxTensorLike;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.detent.runtime.gradient.GradientGraph;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.TensorQuantization;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A block ready to run forward and backward: cut at its quantization points into stages, two sessions for each. Built
 * for samples of one shape. Thread-safe for running.
 */
final class BlockStages implements AutoCloseable {

    /** What a cut's producer leaves before it is quantized; a value's own name stands for what its readers get. */
    static String raw(String value) {
        return value + "::detent::raw";
    }

    /**
     * @param inputs values and parameters, by the names the forward session has
     * @param outputs of the part of the network
     * @param kept further forward values that the backward session reads
     * @param backward null where no gradient flows
     */
    record Stage(
            OrtSession forward,
            List<String> inputs,
            List<String> outputs,
            List<String> kept,
            @Nullable Backward backward) {}

    /** A stage's way back. Its session is built when somebody goes that way. */
    static final class Backward {
        private final GradientGraph graph;
        private final List<String> upstream;
        private final String name;
        private @Nullable OrtSession session;

        Backward(GradientGraph graph, List<String> upstream, String name) {
            this.graph = graph;
            this.upstream = upstream;
            this.name = name;
        }

        GradientGraph graph() {
            return graph;
        }

        List<String> upstream() {
            return upstream;
        }

        synchronized OrtSession session() {
            if (session == null) {
                session = OrtRuntime.session(graph.graph(), OrtOptimizationLevel.ALL, name);
            }
            return session;
        }

        synchronized void close() {
            if (session != null) {
                OrtRuntime.close(session);
            }
        }
    }

    private final BlockGraph block;
    private final PartitionPlan plan;
    private final Map<String, long[]> shapes = new LinkedHashMap<>();
    private final Map<String, ElementType> types = new HashMap<>();
    private final List<Stage> stages = new ArrayList<>();
    private final Set<String> learned = new LinkedHashSet<>();

    /**
     * @param sample tensors of the block's inputs, of the shapes that all samples have, and of its parameters
     * @param trained slots of the configs whose gradients are wanted
     */
    BlockStages(BlockGraph block, PartitionPlan plan, Map<String, ? extends OnnxTensorLike> sample, Set<Slot> trained) {
        this.block = block;
        this.plan = plan;
        probe(sample);
        List<GraphPartitioner.Part> parts = GraphPartitioner.split(block.graph(), plan);
        List<@Nullable GradientGraph> gradients = gradients(parts, trained);
        stages.addAll(IntStream.range(0, parts.size())
                .parallel()
                .mapToObj(i -> stage(parts.get(i), gradients.get(i)))
                .toList());
        stages.forEach(s -> {
            if (s.backward() != null) {
                s.backward().graph().gradients().keySet().stream()
                        .filter(block.parameters()::containsKey)
                        .forEach(learned::add);
            }
        });
    }

    /** Runs the block in float once, to learn the shape of every value. */
    private void probe(Map<String, ? extends OnnxTensorLike> sample) {
        Graph watched = block.graph().copy();
        block.outputs().forEach(o -> watched.edit().removeOutput(o));
        watched.nodes()
                .forEach(n -> n.outputs().stream()
                        .filter(o -> !o.isEmpty())
                        .forEach(o -> watched.edit()
                                .output(new ValueInfo(
                                        o, ElementType.UNDEFINED, Optional.empty(), UnmodeledProto.NONE))));
        block.graph().initializers().forEach((name, t) -> shape(name, t.dims(), t.type()));
        sample.forEach((name, t) -> {
            OnnxTensor tensor = (OnnxTensor) t;
            shape(name, tensor.getInfo().getShape(), ShapeInference.type(tensor.getInfo().type));
        });
        try (OrtSession session = OrtRuntime.session(watched, OrtOptimizationLevel.NONE, name());
                OrtSession.Result result = session.run(sample)) {
            result.forEach(e -> {
                if (e.getValue() instanceof OnnxTensor t) {
                    shape(e.getKey(), t.getInfo().getShape(), ShapeInference.type(t.getInfo().type));
                }
            });
        } catch (OrtException e) {
            throw new UserException(
                    RuntimeProblems.SAMPLE_REFUSED, "cannot be run: " + OrtRuntime.firstLine(e), name(), e);
        }
    }

    private void shape(String value, long[] shape, ElementType type) {
        shapes.put(value, shape);
        types.put(value, type);
    }

    private String name() {
        return block.outputs().isEmpty()
                ? ""
                : block.outputs().get(block.outputs().size() - 1);
    }

    /** From the first stage to the last: a gradient is wanted where something before it is learned. */
    private List<@Nullable GradientGraph> gradients(List<GraphPartitioner.Part> parts, Set<Slot> trained) {
        Set<String> wanted = new HashSet<>();
        Map<String, String> versions = new HashMap<>();
        plan.cuts()
                .forEach((value, cut) -> cut.versions().forEach(v -> {
                    versions.put(v.name(), value);
                    shape(v.name(), shape(value), ElementType.FLOAT);
                    if (isTrained(v.config(), trained)) {
                        wanted.add(v.name());
                    }
                }));
        List<@Nullable GradientGraph> gradients = new ArrayList<>();
        for (GraphPartitioner.Part p : parts) {
            declare(p.graph());
            Set<String> sources = new LinkedHashSet<>();
            for (String in : p.inputs()) {
                boolean passed = wanted.contains(in) || wanted.contains(versions.getOrDefault(in, in));
                if (isFloat(in) && (passed || block.parameters().containsKey(in))) {
                    sources.add(in);
                }
            }
            List<String> outputs = p.outputs().stream().filter(this::isFloat).toList();
            GradientGraph g = sources.isEmpty() || outputs.isEmpty()
                    ? null
                    : GradientGraph.of(p.graph(), shapes, outputs, sources);
            gradients.add(g == null || g.gradients().isEmpty() ? null : g);
            for (String out : outputs) {
                PartitionPlan.Cut cut = plan.cuts().get(out);
                if (!sources.isEmpty() || cut != null && isTrained(cut.producer(), trained)) {
                    wanted.add(out);
                }
            }
        }
        return gradients;
    }

    private void declare(Graph part) {
        for (Node n : part.nodes()) {
            for (String o : n.outputs()) {
                ElementType type = types.get(o);
                if (type != null) {
                    part.edit().valueInfo(ValueInfo.of(o, type, shape(o)));
                }
            }
        }
    }

    private static boolean isTrained(@Nullable TensorQuantization config, Set<Slot> trained) {
        return config != null && trained.contains(config.root().slot());
    }

    private Stage stage(GraphPartitioner.Part part, @Nullable GradientGraph gradients) {
        List<String> kept = new ArrayList<>();
        Graph forward = part.graph().copy();
        Backward backward = null;
        if (gradients != null) {
            for (String r : gradients.reads()) {
                if (!part.inputs().contains(r) && !part.outputs().contains(r)) {
                    kept.add(r);
                    forward.edit()
                            .output(new ValueInfo(r, ElementType.UNDEFINED, Optional.empty(), UnmodeledProto.NONE));
                }
            }
            List<String> upstream = part.outputs().stream()
                    .filter(o -> gradients.graph().isInput(GradientGraph.upstream(o)))
                    .toList();
            backward = new Backward(gradients, upstream, "gradient of " + name());
        }
        return new Stage(
                OrtRuntime.session(forward, OrtOptimizationLevel.ALL, name()),
                part.inputs(),
                part.outputs(),
                kept,
                backward);
    }

    List<Stage> stages() {
        return stages;
    }

    BlockGraph block() {
        return block;
    }

    PartitionPlan plan() {
        return plan;
    }

    /** Parameters that a gradient reaches. */
    Set<String> learned() {
        return learned;
    }

    long[] shape(String value) {
        return Objects.requireNonNull(shapes.get(value), value);
    }

    boolean isFloat(String value) {
        return types.get(value) == ElementType.FLOAT;
    }

    @Override
    public void close() {
        for (Stage s : stages) {
            OrtRuntime.close(s.forward());
            if (s.backward() != null) {
                s.backward().close();
            }
        }
    }
}
