package dev.detent.support.kernel;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.kernel.KernelTable.Kernel;
import dev.detent.support.operator.EmbeddingTable;
import dev.detent.support.operator.InputRole;
import dev.detent.support.operator.MultiplyAdds;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Which configs are quantized for nothing: no integer kernel of the target gains by it. A node runs in integers where
 * the table has a kernel for it and what that wants is quantized; nodes that do, and hand each other codes, are an
 * island, and an island pays where a weighted operator is in it. What serves no such node may as well be float: it
 * costs accuracy, and the time of a quantization.
 */
public final class IntegerIslands {

    /**
     * What decides where a weighted operator is computed in float anyway: whether its weights are codes all the same.
     */
    public enum Prefer {
        /** Codes: the file is smaller, and decoding them takes time at every run. */
        SIZE,
        /** Codes where a weight is used so often that decoding it is nothing beside that. */
        SPEED,
        /** Float. */
        ACCURACY
    }

    /** Decoding an 8-bit weight takes about as long as so many uses of it. */
    private static final long MANY_USES = 64;

    /** Share of all multiply-adds that convolutions at the ends of islands may have and stay float. */
    private static final double EXITS = 0.02;

    private final Graph graph;
    private final Quantization quantization;
    private final KernelTable table;
    private final Prefer prefer;
    /** Roots whose groups are float. */
    private final Set<TensorQuantization> off = new HashSet<>();

    private final Set<Node> stays = new HashSet<>();
    private final IntegerGains gains;
    /** Multiply-adds that may still be given up behind islands. */
    private long spare;

    private IntegerIslands(Graph graph, Quantization quantization, KernelTable table, Prefer prefer) {
        this.graph = graph;
        this.quantization = quantization;
        this.table = table;
        this.prefer = prefer;
        this.gains = IntegerGains.of(graph);
        this.spare = (long) (EXITS * gains.multiplyAdds());
    }

    /**
     * Roots that quantize, or wait for it, and serve no integer kernel, with the reason.
     *
     * @param floats roots that are taken for float besides those that are
     */
    public static Map<TensorQuantization, String> idle(
            Graph graph,
            Quantization quantization,
            KernelTable table,
            Prefer prefer,
            Collection<TensorQuantization> floats) {
        IntegerIslands islands = new IntegerIslands(graph, quantization, table, prefer);
        islands.off.addAll(floats);
        return islands.idle();
    }

    /**
     * Nodes that run in integers where they gain by it.
     *
     * @param floats roots that are taken for float besides those that are
     */
    public static Set<Node> integerNodes(
            Graph graph,
            Quantization quantization,
            KernelTable table,
            Prefer prefer,
            Collection<TensorQuantization> floats) {
        IntegerIslands islands = new IntegerIslands(graph, quantization, table, prefer);
        islands.off.addAll(floats);
        islands.idle();
        return islands.paying();
    }

    /** A slot and the node it is at. */
    private record Place(TensorQuantization config, Node node) {}

    private Map<TensorQuantization, String> idle() {
        stays.addAll(gains.writtenOutGelus());
        Map<TensorQuantization, List<Place>> groups = new LinkedHashMap<>();
        for (Node n : graph.nodes()) {
            slots(n).forEach(c ->
                    groups.computeIfAbsent(c.root(), k -> new ArrayList<>()).add(new Place(c, n)));
        }
        Map<TensorQuantization, String> idle = new LinkedHashMap<>();
        boolean changed = true;
        while (changed) {
            changed = false;
            Set<Node> integer = paying();
            for (Map.Entry<TensorQuantization, List<Place>> group : groups.entrySet()) {
                TensorQuantization root = group.getKey();
                Node first = group.getValue().get(0).node();
                if (isOn(root)
                        && group.getValue().stream().noneMatch(p -> serves(p, integer))
                        && !staysStored(root, first)) {
                    off.add(root);
                    idle.put(root, reason(first));
                    changed = true;
                }
            }
        }
        return idle;
    }

    /** What a kernel gives as an integer or a float is worth quantizing only for one that takes it. */
    private boolean serves(Place place, Set<Node> integer) {
        boolean optional = !place.config().slot().isInput()
                && table.of(place.node()).filter(k -> k == Kernel.INPUTS).isPresent();
        return integer.contains(place.node())
                && (!optional
                        || graph.consumers(place.config().value()).stream().anyMatch(integer::contains));
    }

    /** The weight of a node that computes in float is decoded before each run; of a table, the rows that it reads. */
    private boolean staysStored(TensorQuantization c, Node n) {
        if (c.isInitializer() && c.slot().index() == 0 && EmbeddingTable.isReadBy(n, graph)) {
            return prefer != Prefer.ACCURACY;
        }
        if (c.isInitializer() && c.slot().index() > 0 && OperatorTable.is(n, Trait.RECURRENT)) {
            // Never for an integer kernel: decoded once, when the file is loaded.
            return prefer != Prefer.ACCURACY;
        }
        if (!c.isInitializer() || c.slot().index() != 1 || !OperatorTable.is(n, Trait.WEIGHTED)) {
            return false;
        }
        return switch (prefer) {
            case SIZE -> true;
            case SPEED -> uses(n) >= MANY_USES;
            case ACCURACY -> false;
        };
    }

    /** How often each element of a convolution's weight is used; where sizes are open, often; of a product, unknown. */
    private long uses(Node n) {
        if (!n.is("Conv", "ConvTranspose")) {
            return 0;
        }
        return graph.valueInfo(n.output(0))
                .flatMap(ValueInfo::shape)
                .map(dims -> dims.stream()
                        .skip(2)
                        .mapToLong(ValueInfo.Dimension::size)
                        .reduce(1, (a, b) -> b < 0 ? MANY_USES * a : a * b))
                .orElse(MANY_USES);
    }

    private String reason(Node n) {
        return table.of(n).isEmpty()
                ? n.opType() + " has no integer kernel on this target"
                : stays.contains(n)
                        ? "in integers it gains less here than it costs in time or accuracy"
                        : n.opType() + " cannot run in integers here, as not all that its kernel wants is quantized";
    }

    /** Every config of a node, of whatever state. */
    private Stream<TensorQuantization> slots(Node n) {
        return Stream.<TensorQuantization>concat(quantization.inputs(n).stream(), quantization.outputs(n).stream());
    }

    private boolean isOn(TensorQuantization c) {
        TensorQuantization root = c.root();
        return !off.contains(root)
                && !root.state().isFloat()
                && !root.state().isShape()
                && !root.value().isEmpty();
    }

    /** What only follows another node goes with it. */
    private void dropUnfollowed(Set<Node> integer) {
        boolean changed = true;
        while (changed) {
            changed = integer.removeIf(n -> isBehind(n) && !follows(n, integer));
        }
    }

    /** Nodes that run in integers, on islands with a weighted operator. */
    private Set<Node> paying() {
        Set<Node> integer = new LinkedHashSet<>();
        for (Node n : graph.nodes()) {
            if (quantization.isQuantized(n) && !stays.contains(n) && runs(n)) {
                integer.add(n);
            }
        }
        dropUnfollowed(integer);
        dropEdges(integer, integer);
        for (Optional<Node> n = cheapExit(integer); n.isPresent(); n = cheapExit(integer)) {
            integer.remove(n.get());
            stays.add(n.get());
            dropEdges(integer, neighbours(n.get()).toList());
        }
        dropUnfollowed(integer);
        Set<Node> paying = new LinkedHashSet<>();
        Set<Node> seen = new HashSet<>();
        for (Node n : integer) {
            if (seen.add(n)) {
                Set<Node> island = island(n, integer, seen);
                if (island.stream().anyMatch(m -> OperatorTable.is(m, Trait.WEIGHTED)) && gains.pays(island)) {
                    paying.addAll(island);
                } else {
                    stays.addAll(island);
                }
            }
        }
        return paying;
    }

    /**
     * Drops nodes at the edge of an island until none is left there; only neighbours of a dropped node can follow it.
     */
    private void dropEdges(Set<Node> integer, Collection<Node> candidates) {
        Collection<Node> open = candidates;
        while (!open.isEmpty()) {
            List<Node> edge = open.stream()
                    .filter(n -> integer.contains(n) && (entersFromFloat(n, integer) || leavesToFloat(n, integer)))
                    .toList();
            edge.forEach(integer::remove);
            stays.addAll(edge);
            open = edge.stream().flatMap(this::neighbours).collect(Collectors.toCollection(LinkedHashSet::new));
        }
    }

    private Stream<Node> neighbours(Node n) {
        return Stream.concat(
                n.inputs().stream().flatMap(v -> graph.producer(v).stream()),
                n.outputs().stream().flatMap(v -> graph.consumers(v).stream()));
    }

    /**
     * An element-wise operator of floats in front of the first integer one: one of its result is no more quantization
     * than one of its operand, and more exact; what was several operators for an exporter may be one again.
     */
    private boolean entersFromFloat(Node n, Set<Node> integer) {
        List<String> data = n.inputs().stream()
                .filter(v -> !v.isEmpty() && !graph.isInitializer(v))
                .distinct()
                .toList();
        boolean each = OperatorTable.is(n, Trait.ELEMENT_WISE)
                || OperatorTable.is(n, Trait.ACTIVATION)
                || n.is("Mul")
                || n.is("Concat") && data.size() > 1
                || gains.isThin(n);
        return each
                && !isBehind(n)
                && data.stream()
                        .noneMatch(
                                v -> graph.producer(v).filter(integer::contains).isPresent());
    }

    /**
     * What makes one float of each code behind the last integer operator is as well done on floats: scores, most often,
     * of which small ones count as much as large ones, and which data not seen yet may carry beyond a range.
     */
    private boolean leavesToFloat(Node n, Set<Node> integer) {
        boolean each = OperatorTable.is(n, Trait.ELEMENT_WISE)
                || OperatorTable.is(n, Trait.ACTIVATION)
                || OperatorTable.is(n, Trait.MOVES) && !OperatorTable.is(n, Trait.POOLING)
                || n.is("Mul");
        return each
                && !isBehind(n)
                && n.inputs().stream()
                                .filter(v -> !v.isEmpty() && !graph.isInitializer(v))
                                .distinct()
                                .count()
                        == 1
                && n.outputs().stream()
                        .flatMap(v -> graph.consumers(v).stream())
                        .noneMatch(integer::contains);
    }

    /**
     * A convolution whose result goes to float operators only, and that is next to no work: nothing behind it evens out
     * the rounding of its result, which so often is most of the error.
     */
    private Optional<Node> cheapExit(Set<Node> integer) {
        for (Node n : integer) {
            if (n.is("Conv")
                    && graph.consumers(n.output(0)).stream().noneMatch(integer::contains)
                    && MultiplyAdds.of(n, graph) <= spare) {
                spare -= MultiplyAdds.of(n, graph);
                return Optional.of(n);
            }
        }
        return Optional.empty();
    }

    private Set<Node> island(Node first, Set<Node> integer, Set<Node> seen) {
        Set<Node> island = new LinkedHashSet<>(List.of(first));
        Deque<Node> open = new ArrayDeque<>(island);
        while (!open.isEmpty()) {
            Node n = open.remove();
            neighbours(n).filter(m -> integer.contains(m) && seen.add(m)).forEach(m -> {
                island.add(m);
                open.add(m);
            });
        }
        return island;
    }

    private boolean isBehind(Node n) {
        return table.of(n).filter(k -> k == Kernel.BEHIND).isPresent() || addsBias(n);
    }

    /** An Add whose constant operand is a bias with a scale derived from the matrix product in front of it. */
    private boolean addsBias(Node n) {
        return n.is("Add")
                && quantization.inputs(n).stream().anyMatch(c -> c.state().isPassive() && isOn(c));
    }

    private boolean follows(Node n, Set<Node> integer) {
        return n.inputs().stream()
                .flatMap(v -> graph.producer(v).stream())
                .anyMatch(p -> integer.contains(p) && graph.downstream(p).size() == 1);
    }

    private boolean runs(Node n) {
        if (addsBias(n)) {
            return true;
        }
        return table.of(n)
                .filter(k -> switch (k) {
                    case ALL -> inputsOn(n) && outputsOn(n);
                    case INPUTS -> inputsOn(n);
                    case MOVES -> isOn(n, 0) && outputsOn(n);
                    case BEHIND -> outputsOn(n);
                })
                .isPresent();
    }

    private boolean isOn(Node n, int input) {
        return quantization.input(n, input).filter(this::isOn).isPresent();
    }

    private boolean inputsOn(Node n) {
        return IntStream.range(0, n.inputs().size())
                .filter(i -> !n.input(i).isEmpty())
                .filter(i -> {
                    InputRole role = OperatorTable.role(n, i, graph);
                    return role == InputRole.DATA || role == InputRole.WEIGHT;
                })
                .allMatch(i -> isOn(n, i));
    }

    private boolean outputsOn(Node n) {
        return quantization.outputs(n).stream()
                .filter(c -> !c.value().isEmpty())
                .allMatch(this::isOn);
    }
}
