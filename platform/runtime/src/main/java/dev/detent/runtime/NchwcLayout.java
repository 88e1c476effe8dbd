package dev.detent.runtime;

import dev.detent.onnx.OnnxWriter;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.graph.ValueInfo;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Keeps tensors in ONNX Runtime's blocked layout (NCHWc) across cuts. Left alone, every segment would reorder its input
 * on the way in and its output on the way out, which costs more than the convolution itself (reference/runtime.md,
 * facts 2 and 2.2). So each segment is optimised and saved, and where producer and consumers of a value all use the
 * blocked form, the reorder nodes at both ends are taken out and the buffer between holds the blocked tensor. Rounding
 * and range observation do not care about the order of elements; what does is shown them {@linkplain #toPlain put back
 * in order}.
 *
 * <p>A blocked tensor has shape [N, C', H, W] and storage [N][C' / b][H][W][b], C' being C rounded up to the block b;
 * lanes beyond C hold 0.
 */
final class NchwcLayout {

    private static final String NCHWC = "com.microsoft.nchwc";

    /** The input of {@link #reorder}. */
    static final String NATIVE = "native";
    /** Its output. */
    static final String PLAIN = "plain";

    /** Any will do: no operator of the standard is used. */
    private static final int OPSET = 13;

    /** Operators the blocked layout is for. */
    private static final Set<String> BLOCKED =
            Set.of("Conv", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool");

    /** Element-wise operators that map 0 to 0, so that unused lanes stay 0. */
    private static final Set<String> AGNOSTIC = Set.of("Add", "Sub", "Mul", "Relu", "LeakyRelu", "Sum");

    /** A segment as ONNX Runtime optimised it; absent when it has no operator of the blocked layout. */
    private record Candidate(
            GraphPartitioner.Part part,
            Optional<Graph> optimised,
            Set<String> takes,
            Map<String, Integer> gives,
            boolean agnostic) {}

    /**
     * @param graph what to run: the part itself, or the optimised graph without reorders at native values
     * @param optimised the graph has been optimised already and must be left as it is
     */
    record Plan(Graph graph, boolean optimised) {}

    private final List<Candidate> candidates = new ArrayList<>();
    /** Native values with their number of channels. */
    private final Map<String, Integer> channels = new LinkedHashMap<>();

    private final PartitionPlan cuts;
    private final Graph graph;
    private final OrtOptimizationLevel level;
    /** The segments as they were cut. */
    private final List<GraphPartitioner.Part> cut;

    private NchwcLayout(Graph graph, PartitionPlan cuts, OrtOptimizationLevel level) {
        this.graph = graph;
        this.cuts = cuts;
        this.level = level;
        this.cut = GraphPartitioner.split(graph, cuts);
    }

    /** Cuts the graph and decides the layout of every cut value; those that are quantized per channel keep theirs. */
    static NchwcLayout of(Graph graph, PartitionPlan cuts, OrtOptimizationLevel level) {
        NchwcLayout layout = new NchwcLayout(graph, cuts, level);
        List<GraphPartitioner.Part> parts =
                layout.cut.stream().map(p -> rewritten(p, level)).toList();
        if (level == OrtOptimizationLevel.ALL) {
            Map<Graph, Graph> optimised = SegmentOptimizer.optimise(parts.stream()
                    .filter(p -> layout.isForBlocks(p))
                    .map(GraphPartitioner.Part::graph)
                    .toList());
            parts.forEach(p -> layout.candidates.add(
                    optimised.containsKey(p.graph()) ? optimised(p, optimised.get(p.graph())) : layout.asIs(p)));
            layout.decide();
        } else {
            parts.forEach(p -> layout.candidates.add(new Candidate(p, Optional.empty(), Set.of(), Map.of(), false)));
        }
        return layout;
    }

    private static GraphPartitioner.Part rewritten(GraphPartitioner.Part part, OrtOptimizationLevel level) {
        return level == OrtOptimizationLevel.ALL ? BatchNormToConv.of(part) : part;
    }

    /** The segments, in an order in which they can run. */
    List<GraphPartitioner.Part> parts() {
        return candidates.stream().map(Candidate::part).toList();
    }

    /** Number of real channels of a native value (a cut value or a version of one); empty for plain values. */
    Optional<Integer> channels(String version) {
        return Optional.ofNullable(channels.get(cuts.base(version)));
    }

    /** What each segment runs, in the order of the parts. */
    List<Plan> plans() {
        return candidates.stream().map(this::plan).toList();
    }

    /**
     * Parts with other constants, laid out as their own are.
     *
     * @param part index of each part
     * @param constants by name in the part, for each part
     */
    List<Plan> plans(List<Integer> part, List<Map<String, Tensor>> constants) {
        List<GraphPartitioner.Part> changed = new ArrayList<>();
        for (int i = 0; i < part.size(); i++) {
            GraphPartitioner.Part p = cut.get(part.get(i));
            Graph g = p.graph().copy();
            constants.get(i).forEach(g.edit()::initializer);
            changed.add(rewritten(new GraphPartitioner.Part(g, p.inputs(), p.outputs()), level));
        }
        Map<Graph, Graph> optimised = SegmentOptimizer.optimise(IntStream.range(0, part.size())
                .filter(i -> candidates.get(part.get(i)).optimised().isPresent())
                .mapToObj(i -> changed.get(i).graph())
                .toList());
        return changed.stream()
                .map(p -> plan(optimised.containsKey(p.graph()) ? optimised(p, optimised.get(p.graph())) : asIs(p)))
                .toList();
    }

    /** Operators of the blocked layout, at a value that may be blocked. */
    private boolean isForBlocks(GraphPartitioner.Part part) {
        Collection<Node> nodes = part.graph().nodes();
        // ONNX Runtime (1.28) gives reorders in a branch of If names that it uses outside too, and then refuses the
        // file.
        return touchesNative(part)
                && !isAgnostic(part)
                && nodes.stream().anyMatch(n -> n.isOneOf(BLOCKED))
                && OnnxWriter.fitsOneFile(part.graph())
                && nodes.stream().noneMatch(Node::hasSubgraph);
    }

    private boolean touchesNative(GraphPartitioner.Part part) {
        return Stream.concat(part.inputs().stream().map(cuts::base), part.outputs().stream())
                .anyMatch(this::mayBeNative);
    }

    /** Computes the same in any layout. */
    private boolean isAgnostic(GraphPartitioner.Part part) {
        return part.graph().nodes().stream().allMatch(n -> n.isOneOf(AGNOSTIC)) && sameShapes(part, false)
                || part.graph().nodes().stream().allMatch(n -> n.is("Concat") && n.intAttribute("axis", 0) == 1)
                        && sameShapes(part, true);
    }

    private Candidate asIs(GraphPartitioner.Part part) {
        boolean agnostic = touchesNative(part) && isAgnostic(part);
        return new Candidate(
                part, Optional.empty(), agnostic ? Set.copyOf(part.inputs()) : Set.of(), Map.of(), agnostic);
    }

    private static Candidate optimised(GraphPartitioner.Part part, Graph optimised) {
        Set<String> takes = new LinkedHashSet<>();
        for (String in : part.inputs()) {
            List<Graph.Use> uses = optimised.uses(in);
            if (!uses.isEmpty() && uses.stream().allMatch(u -> isReorder(u.node(), "ReorderInput"))) {
                takes.add(in);
            }
        }
        Map<String, Integer> gives = new HashMap<>();
        for (String out : part.outputs()) {
            optimised
                    .producer(out)
                    .filter(p -> isReorder(p, "ReorderOutput")
                            && optimised.consumers(out).isEmpty())
                    .ifPresent(p -> gives.put(out, (int) p.intAttribute("channels", 0)));
        }
        return new Candidate(part, Optional.of(optimised), takes, gives, false);
    }

    /** Gives the plain form of a native value, under a name that is the node's too. */
    static Node toPlain(String value, String plain, int channels) {
        return new Node(
                plain,
                NCHWC,
                "ReorderOutput",
                List.of(value),
                List.of(plain),
                Map.of("channels", new Attribute.IntValue(channels)),
                UnmodeledProto.NONE);
    }

    /** A graph that gives the plain form of a native value. */
    static Graph reorder(int channels) {
        Graph graph = new Graph();
        GraphEditor edit = graph.edit();
        edit.opset("", OPSET);
        edit.opset(NCHWC, 1);
        edit.input(new ValueInfo(NATIVE, ElementType.FLOAT, Optional.empty(), UnmodeledProto.NONE));
        edit.add(toPlain(NATIVE, PLAIN, channels));
        edit.output(new ValueInfo(PLAIN, ElementType.FLOAT, Optional.empty(), UnmodeledProto.NONE));
        return graph;
    }

    private static boolean isReorder(Node n, String type) {
        return n.domain().equals(NCHWC) && n.opType().equals(type) && n.intAttribute("channels_last", 0) == 0;
    }

    /**
     * No broadcasting: every operand is computed and has the same declared shape. For a Concat of channels the channels
     * may differ, but each operand must fill its blocks.
     */
    private boolean sameShapes(GraphPartitioner.Part part, boolean fullBlocks) {
        Set<Object> shapes = new LinkedHashSet<>();
        for (Node n : part.graph().nodes()) {
            List<String> values = new ArrayList<>(n.inputs());
            values.addAll(n.outputs());
            for (String v : values) {
                List<ValueInfo.Dimension> shape =
                        graph.valueInfo(cuts.base(v)).flatMap(ValueInfo::shape).orElse(List.of());
                if (part.graph().isInitializer(v)
                        || shape.size() != 4
                        || !shape.get(1).isKnown()
                        || fullBlocks && shape.get(1).size() % 16 != 0) {
                    return false;
                }
                shapes.add(fullBlocks ? List.of(shape.get(0), shape.get(2), shape.get(3)) : shape);
            }
        }
        return shapes.size() == 1;
    }

    private boolean mayBeNative(String value) {
        PartitionPlan.Cut cut = cuts.cuts().get(value);
        return cut != null && !cut.isPerChannel() && graph.producer(value).isPresent() && !graph.isOutput(value);
    }

    private void decide() {
        Map<String, Candidate> producers = new HashMap<>();
        Map<String, List<Candidate>> consumers = new HashMap<>();
        for (Candidate c : candidates) {
            c.part().outputs().forEach(o -> producers.put(o, c));
            for (String in : c.part().inputs()) {
                consumers.computeIfAbsent(cuts.base(in), k -> new ArrayList<>()).add(c);
            }
        }
        for (String value : producers.keySet()) {
            if (mayBeNative(value)) {
                Candidate p = producers.get(value);
                Integer given = p.gives().get(value);
                Optional<Integer> declared = p.agnostic()
                        ? graph.valueInfo(value).flatMap(ValueInfo::shape).map(s ->
                                (int) s.get(1).size())
                        : Optional.ofNullable(given);
                declared.ifPresent(n -> channels.put(value, n));
            }
        }
        boolean changed = true;
        while (changed) {
            changed = channels.keySet()
                    .removeIf(v ->
                            !holds(Objects.requireNonNull(producers.get(v)), v, consumers.getOrDefault(v, List.of())));
        }
    }

    private boolean holds(Candidate producer, String value, List<Candidate> consumers) {
        if (producer.agnostic() && !allNative(producer)) {
            return false;
        }
        for (Candidate c : consumers) {
            for (String in : c.part().inputs()) {
                if (cuts.base(in).equals(value) && (!c.takes().contains(in) || c.agnostic() && !allNative(c))) {
                    return false;
                }
            }
        }
        return true;
    }

    private boolean allNative(Candidate agnostic) {
        return agnostic.part().inputs().stream().allMatch(i -> channels.containsKey(cuts.base(i)))
                && agnostic.part().outputs().stream().allMatch(channels::containsKey);
    }

    private Plan plan(Candidate c) {
        if (c.agnostic() && allNative(c)) {
            // The declared shape has C channels where the blocked one may have more.
            return new Plan(
                    undeclared(
                            c.part().graph().copy(), c.part().inputs(), c.part().outputs()),
                    false);
        }
        Set<String> in = new LinkedHashSet<>(c.takes());
        in.removeIf(i -> !channels.containsKey(cuts.base(i)));
        Set<String> out = new LinkedHashSet<>(c.gives().keySet());
        out.removeIf(o -> !channels.containsKey(o));
        if (c.optimised().isEmpty()) {
            return new Plan(c.part().graph(), false);
        }
        Graph g = c.optimised().get().copy();
        GraphEditor edit = g.edit();
        for (String i : in) {
            for (Graph.Use u : List.copyOf(g.uses(i))) {
                edit.remove(u.node());
                edit.redirect(u.node().output(0), i);
            }
        }
        for (String o : out) {
            Node reorder = g.producer(o).orElseThrow();
            String inner = reorder.input(0);
            edit.remove(reorder);
            Node source = g.producer(inner).orElseThrow();
            edit.replace(source.withOutputs(
                    source.outputs().stream().map(x -> x.equals(inner) ? o : x).toList()));
            edit.redirect(inner, o);
        }
        return new Plan(undeclared(g, in, out), true);
    }

    private static Graph undeclared(Graph g, Iterable<String> inputs, Iterable<String> outputs) {
        GraphEditor edit = g.edit();
        List<ValueInfo> before = List.copyOf(g.inputs());
        Set<String> nativeInputs = new LinkedHashSet<>();
        inputs.forEach(nativeInputs::add);
        edit.clearInputs();
        for (ValueInfo v : before) {
            edit.input(
                    nativeInputs.contains(v.name())
                            ? new ValueInfo(v.name(), ElementType.FLOAT, Optional.empty(), UnmodeledProto.NONE)
                            : v);
        }
        for (String o : outputs) {
            edit.removeOutput(o);
            edit.output(new ValueInfo(o, ElementType.FLOAT, Optional.empty(), UnmodeledProto.NONE));
        }
        List.copyOf(g.valueInfos().keySet()).forEach(edit::removeValueInfo);
        return g;
    }

    /** Number of elements a blocked tensor really holds, for sizing observers' batches. */
    static long[] logical(long[] blocked, int channels) {
        long[] shape = blocked.clone();
        shape[1] = channels;
        return shape;
    }

    /** Block size that turns {@code channels} into {@code padded}. */
    static int block(int channels, long padded) {
        return channels == padded ? 1 : padded % 16 == 0 && padded - channels < 16 ? 16 : 8;
    }
}
