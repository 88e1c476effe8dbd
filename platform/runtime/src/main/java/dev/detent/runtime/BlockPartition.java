package dev.detent.runtime;

import dev.detent.runtime.gradient.GradientTable;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A network in blocks: runs of its nodes in execution order, each about as deep as asked for, cut where the fewest
 * values cross, and of such places in a block's second half where the smallest do: values between blocks are kept for
 * every sample. An operator without a gradient stands alone.
 *
 * @param blocks nodes of each block
 * @param obstacles operators without a gradient on the way of the data
 */
record BlockPartition(List<List<Node>> blocks, List<Node> obstacles) {

    static BlockPartition of(Graph graph, int depth) {
        List<Node> nodes = List.copyOf(graph.nodes());
        List<Crossing> crossing = crossing(graph, nodes);
        List<List<Node>> blocks = new ArrayList<>();
        List<Node> obstacles = new ArrayList<>();
        int start = 0;
        while (start < nodes.size()) {
            int end = end(graph, nodes, crossing, start, depth);
            blocks.add(List.copyOf(nodes.subList(start, end)));
            if (isObstacle(graph, nodes.get(start))) {
                obstacles.add(nodes.get(start));
            }
            start = end;
        }
        return new BlockPartition(blocks, obstacles);
    }

    /** Computes floats from floats, and nothing is known of how they change. */
    private static boolean isObstacle(Graph graph, Node n) {
        return !GradientTable.has(n, graph::isInitializer)
                && n.outputs().stream().anyMatch(o -> !o.isEmpty() && graph.isFloat(o))
                && n.inputs().stream().anyMatch(i -> graph.isFloat(i) && !graph.isInitializer(i));
    }

    private static int end(Graph graph, List<Node> nodes, List<Crossing> crossing, int start, int depth) {
        if (isObstacle(graph, nodes.get(start))) {
            return start + 1;
        }
        int weighted = 0;
        int best = -1;
        boolean bestIsDeep = false;
        for (int i = start; i < nodes.size(); i++) {
            if (isObstacle(graph, nodes.get(i))) {
                return i;
            }
            boolean heavy = OperatorTable.is(nodes.get(i), Trait.WEIGHTED);
            if (heavy && weighted == depth && best >= 0) {
                return best;
            }
            weighted += heavy ? 1 : 0;
            // The last of the narrowest places: what follows an operator, its activation say, belongs to it.
            if (weighted > 0 && (best < 0 || crossing.get(i).serves(crossing.get(best - 1), bestIsDeep))) {
                best = i + 1;
                bestIsDeep = 2 * weighted > depth;
            }
        }
        return nodes.size();
    }

    /**
     * What is made at or before a node and read behind it.
     *
     * @param values how many float ones
     * @param elements of them all; those of unknown size, a batch's say, count as 1
     */
    private record Crossing(int values, long elements) {

        /** As a place to cut behind {@code best}, of a block that would be deep enough there or not. */
        boolean serves(Crossing best, boolean deepEnough) {
            return values < best.values || values == best.values && (!deepEnough || elements <= best.elements);
        }
    }

    private static List<Crossing> crossing(Graph graph, List<Node> nodes) {
        Map<String, Integer> place = new HashMap<>();
        for (int i = 0; i < nodes.size(); i++) {
            place.put(nodes.get(i).name(), i);
        }
        int[] values = new int[nodes.size() + 1];
        long[] elements = new long[nodes.size() + 1];
        for (int i = 0; i < nodes.size(); i++) {
            for (String o : nodes.get(i).outputs()) {
                if (!o.isEmpty() && graph.isFloat(o)) {
                    span(graph, o, i, place, values, elements);
                }
            }
        }
        for (ValueInfo in : graph.inputs()) {
            span(graph, in.name(), 0, place, values, elements);
        }
        List<Crossing> all = new ArrayList<>();
        int count = 0;
        long size = 0;
        for (int i = 0; i < nodes.size(); i++) {
            count += values[i];
            size += elements[i];
            all.add(new Crossing(count, size));
        }
        return all;
    }

    private static void span(
            Graph graph, String value, int from, Map<String, Integer> place, int[] values, long[] elements) {
        int last = graph.consumers(value).stream()
                .mapToInt(c -> Objects.requireNonNull(place.get(c.name())))
                .max()
                .orElse(from);
        if (last > from) {
            long size = elements(graph, value);
            values[from]++;
            values[last]--;
            elements[from] += size;
            elements[last] -= size;
        }
    }

    private static long elements(Graph graph, String value) {
        return graph.valueInfo(value).flatMap(ValueInfo::shape).stream()
                .flatMap(List::stream)
                .mapToLong(d -> Math.max(1, d.size()))
                .reduce(1, (a, b) -> a * b);
    }
}
