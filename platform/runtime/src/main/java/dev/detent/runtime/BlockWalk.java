package dev.detent.runtime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.run.Block;
import dev.detent.spi.run.Differentiator;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Walks a network block by block. Between blocks it keeps, of every sample, the values that blocks to come will read:
 * once as the quantized network computes them, once as the float network does. Used by one thread.
 */
public final class BlockWalk implements Differentiator {

    /** Hears how many blocks of how many are done. */
    @FunctionalInterface
    public interface BlockProgress {
        void at(int done, int count);
    }

    private final BlockTrainer.Network network;
    private final Samples samples;
    private final int workers;
    private final BlockProgress progress;
    private final Map<String, Set<Slot>> rootsOfValue = new HashMap<>();
    private final Map<Slot, Set<String>> valuesOfRoot = new HashMap<>();
    private List<Node> obstacles = List.of();
    private BlockBoundaries boundaries = BlockBoundaries.NONE;

    /**
     * @param graph the network as it stands; edits of it count from the next block on
     * @param exact the network before anything was quantized: values of its initializers are the float network's
     */
    public BlockWalk(
            Graph graph, Graph exact, Quantization quantization, Samples samples, int workers, BlockProgress progress) {
        this.network = new BlockTrainer.Network(graph, exact, quantization);
        this.samples = samples;
        this.workers = workers;
        this.progress = progress;
    }

    @Override
    public List<Node> withoutGradient() {
        return obstacles;
    }

    @Override
    public void walk(Cutting cutting, Consumer<? super Block> visitor) {
        BlockPartition partition = BlockPartition.of(network.graph(), Math.max(1, cutting.depth()));
        List<BlockGraph> all = partition.blocks().stream()
                .map(b -> BlockGraph.of(network.graph(), b))
                .toList();
        List<BlockGraph> fixed = ofFixedShapes(all);
        List<Node> left = new ArrayList<>(partition.obstacles());
        all.stream()
                .filter(b -> !fixed.contains(b))
                .flatMap(b -> b.graph().nodes().stream())
                .filter(BlockWalk::isSizedByData)
                .forEach(left::add);
        obstacles = List.copyOf(left);
        if (fixed.isEmpty()) {
            return;
        }
        findRoots();
        List<Sample> alike = alike(cutting.samples() + (long) cutting.heldOut());
        boundaries = BlockBoundaries.of(network.graph(), fixed, alike.get(0));
        List<BlockGraph> blocks = ofTensors(fixed);
        int fitting = (int) Math.max(1, Math.min(alike.size(), cutting.bytes() / boundaries.bytes(blocks)));
        int heldOut = Math.min(cutting.heldOut(), Math.max(fitting / 5, fitting - cutting.samples()));
        heldOut = fitting > 1 && cutting.heldOut() > 0 ? Math.max(1, heldOut) : 0;
        Map<String, BlockValue[]> quantized = inputs(alike.subList(0, fitting));
        Map<String, BlockValue[]> exact = new LinkedHashMap<>(quantized);
        Map<String, ChannelWeights> weights =
                cutting.curvature() > 0 && blocks.equals(all) ? curvature(cutting, blocks, quantized) : Map.of();
        Set<Slot> seen = new HashSet<>();
        for (int i = 0; i < blocks.size(); i++) {
            progress.at(i, blocks.size());
            BlockGraph block = blocks.get(i);
            BlockTrainer.Data data =
                    new BlockTrainer.Data(read(block, quantized), read(block, exact), fitting - heldOut, heldOut);
            visit(block, data, seen, new BlockTrainer.Place(i, blocks.size(), weights), visitor, quantized, exact);
            forget(blocks.subList(i + 1, blocks.size()), quantized, exact);
        }
        progress.at(blocks.size(), blocks.size());
        forget(List.of(), quantized, exact);
    }

    private static boolean isSizedByData(Node n) {
        return OperatorTable.is(n, Trait.SIZED_BY_DATA);
    }

    /** Those that do not hold, and do not read, what may have another shape in another sample; buffers have one. */
    private static List<BlockGraph> ofFixedShapes(List<BlockGraph> all) {
        Set<String> open = new HashSet<>();
        List<BlockGraph> fixed = new ArrayList<>();
        for (BlockGraph b : all) {
            boolean isOpen = b.graph().nodes().stream().anyMatch(BlockWalk::isSizedByData)
                    || b.inputs().stream().anyMatch(open::contains);
            if (isOpen) {
                open.addAll(b.outputs());
            } else {
                fixed.add(b);
            }
        }
        return fixed;
    }

    /** Without the operators that give sequences or maps, and without all that comes after them. */
    private List<BlockGraph> ofTensors(List<BlockGraph> blocks) {
        Set<String> gone = new HashSet<>(boundaries.others());
        if (gone.isEmpty()) {
            return blocks;
        }
        List<BlockGraph> left = new ArrayList<>();
        for (BlockGraph b : blocks) {
            List<Node> kept = new ArrayList<>();
            for (Node n : b.graph().nodes()) {
                if (Stream.concat(n.outputs().stream(), Stream.concat(n.inputs().stream(), n.capturedValues().stream()))
                        .anyMatch(gone::contains)) {
                    gone.addAll(n.outputs());
                } else {
                    kept.add(n);
                }
            }
            if (kept.size() == b.graph().nodes().size()) {
                left.add(b);
            } else if (!kept.isEmpty()) {
                left.add(BlockGraph.of(network.graph(), kept));
            }
        }
        return left;
    }

    private void visit(
            BlockGraph block,
            BlockTrainer.Data data,
            Set<Slot> seen,
            BlockTrainer.Place place,
            Consumer<? super Block> visitor,
            Map<String, BlockValue[]> quantized,
            Map<String, BlockValue[]> exact) {
        Set<String> constants = new LinkedHashSet<>(block.parameters().keySet());
        PartitionPlan plan = PartitionPlan.of(
                block.graph(), Optional.of(new ActivationsOnly(network.quantization(), constants)), Set.of());
        List<TensorQuantization> activations = activations(plan, seen);
        Set<Slot> trained = new LinkedHashSet<>();
        activations.forEach(a -> trained.add(a.slot()));
        Map<String, OnnxTensor> one = first(block, data);
        BlockStages stages;
        try {
            stages = new BlockStages(block, plan, one, trained);
        } finally {
            closeOwn(block, one);
        }
        try (BlockTrainer trainer = new BlockTrainer(network, stages, data, activations, workers, place)) {
            trainer.open();
            exact.putAll(trainer.exactOutputs());
            visitor.accept(trainer);
            trainer.quantizedOutputs().forEach((name, values) -> {
                quantized.put(name, values);
                if (!stages.isFloat(name)) {
                    // What holds no floats is the same in both networks; one copy of each is enough.
                    for (BlockValue v : Objects.requireNonNull(exact.put(name, values))) {
                        v.close();
                    }
                }
            });
        }
    }

    /** How much the channels of the blocks' outputs count for the network's. */
    private Map<String, ChannelWeights> curvature(
            Cutting cutting, List<BlockGraph> blocks, Map<String, BlockValue[]> inputs) {
        Set<String> values = new LinkedHashSet<>();
        blocks.forEach(b -> values.addAll(b.outputs()));
        BlockGraph whole =
                BlockGraph.of(network.graph(), List.copyOf(network.graph().nodes()));
        Map<String, BlockValue[]> read = read(whole, inputs);
        List<Map<String, BlockValue>> samples = new ArrayList<>();
        int count = read.values().stream().mapToInt(all -> all.length).min().orElse(0);
        for (int s = 0; s < Math.min(cutting.curvature(), count); s++) {
            Map<String, BlockValue> sample = new LinkedHashMap<>();
            for (Map.Entry<String, BlockValue[]> e : read.entrySet()) {
                sample.put(e.getKey(), e.getValue()[s]);
            }
            samples.add(sample);
        }
        Map<String, OnnxTensor> one = first(whole, new BlockTrainer.Data(read, read, count, 0));
        try {
            return OutputCurvature.of(network.graph(), whole, values, samples, one);
        } finally {
            closeOwn(whole, one);
        }
    }

    /** What is not float is kept for the samples. */
    private void closeOwn(BlockGraph block, Map<String, OnnxTensor> one) {
        one.forEach((name, t) -> {
            if (network.graph().isFloat(name) || block.parameters().containsKey(name)) {
                t.close();
            }
        });
    }

    private static Map<String, BlockValue[]> read(BlockGraph block, Map<String, BlockValue[]> values) {
        Map<String, BlockValue[]> read = new LinkedHashMap<>();
        block.inputs().forEach(in -> read.put(in, Objects.requireNonNull(values.get(in), in)));
        return read;
    }

    private static void forget(
            List<BlockGraph> left, Map<String, BlockValue[]> quantized, Map<String, BlockValue[]> exact) {
        Set<String> needed = new HashSet<>();
        left.forEach(b -> needed.addAll(b.inputs()));
        for (String name : List.copyOf(quantized.keySet())) {
            if (!needed.contains(name)) {
                exact.remove(name);
                for (BlockValue v : Objects.requireNonNull(quantized.remove(name))) {
                    v.close();
                }
            }
        }
    }

    /** Samples of the shapes of the first one, as many as there are up to a number. */
    private List<Sample> alike(long most) {
        List<Sample> alike = new ArrayList<>();
        for (int i = 0; i < samples.size() && alike.size() < Math.max(1, most); i++) {
            Sample s = samples.get(i);
            if (alike.isEmpty() || shapes(s).equals(shapes(alike.get(0)))) {
                alike.add(s);
            }
        }
        return alike;
    }

    private static Map<String, List<Long>> shapes(Sample s) {
        Map<String, List<Long>> shapes = new HashMap<>();
        s.inputs()
                .forEach((name, in) ->
                        shapes.put(name, Arrays.stream(in.shape()).boxed().toList()));
        return shapes;
    }

    private Map<String, BlockValue[]> inputs(List<Sample> some) {
        Map<String, BlockValue[]> values = new LinkedHashMap<>();
        for (ValueInfo input : network.graph().inputs()) {
            BlockValue[] all = new BlockValue[some.size()];
            for (int s = 0; s < all.length; s++) {
                all[s] = value(BlockBoundaries.given(some.get(s), input.name(), "a sample"));
            }
            values.put(input.name(), all);
        }
        return values;
    }

    private static BlockValue value(Sample.Input in) {
        if (in.type() != ElementType.FLOAT) {
            return BlockValue.of(in.type(), in.shape(), in.data());
        }
        float[] floats = new float[(int) Tensor.count(in.shape())];
        in.data().duplicate().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(floats);
        return BlockValue.of(floats);
    }

    /** Tensors of the first sample, and of the parameters. */
    private Map<String, OnnxTensor> first(BlockGraph block, BlockTrainer.Data data) {
        Map<String, OnnxTensor> one = new LinkedHashMap<>();
        data.inputs().forEach((name, all) -> {
            BlockValue v = all[0];
            one.put(name, v.isFloat() ? tensor(v.floats(), boundaries.shape(name)) : v.tensor());
        });
        block.parameters().keySet().forEach(p -> {
            Tensor t = network.graph().initializer(p).orElseThrow();
            one.put(p, tensor(t.floats(), t.dims()));
        });
        return one;
    }

    private static OnnxTensor tensor(float[] values, long[] shape) {
        try {
            return OnnxTensor.createTensor(OrtRuntime.environment(), FloatBuffer.wrap(values), shape);
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }

    private void findRoots() {
        rootsOfValue.clear();
        valuesOfRoot.clear();
        for (TensorQuantization c : network.quantization().configs()) {
            if (c.state().isActive() && !c.isInitializer()) {
                Slot root = c.root().slot();
                rootsOfValue.computeIfAbsent(c.value(), k -> new HashSet<>()).add(root);
                valuesOfRoot.computeIfAbsent(root, k -> new HashSet<>()).add(c.value());
            }
        }
    }

    /** Roots that quantize here first, and alone wherever they do. */
    private List<TensorQuantization> activations(PartitionPlan plan, Set<Slot> seen) {
        Map<Slot, TensorQuantization> roots = new LinkedHashMap<>();
        plan.cuts().values().forEach(cut -> {
            if (cut.producer() != null) {
                roots.put(cut.producer().root().slot(), cut.producer().root());
            }
            cut.versions()
                    .forEach(v -> roots.put(v.config().root().slot(), v.config().root()));
        });
        List<TensorQuantization> found = roots.values().stream()
                .filter(r -> !seen.contains(r.slot())
                        && r.state().isCalibrated()
                        && !r.isFixed()
                        && !r.scheme().system().isDynamic()
                        && Objects.requireNonNull(valuesOfRoot.getOrDefault(r.slot(), Set.of())).stream()
                                .allMatch(v -> Objects.requireNonNull(rootsOfValue.get(v))
                                                .size()
                                        == 1))
                .toList();
        seen.addAll(roots.keySet());
        return found;
    }
}
