package dev.detent.passes.equalization;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.WeightLayout;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Layers that follow one another with nothing but relays in between, which let a factor on a channel pass: what scales
 * an output channel of the first is undone at the input channel of the second. Used by one pass on its thread.
 *
 * @param relays operators that a factor passes
 */
record LayerPairs(Graph graph, Predicate<Node> relays) {

    /**
     * Layers with common channels.
     *
     * @param up that make them
     * @param down that read them
     * @param between relays on the way
     * @param channels how many
     */
    record Pair(List<Node> up, List<Node> down, List<Node> between, int channels) {}

    /** All of them, in the order of their first layers. */
    List<Pair> pairs() {
        List<Pair> pairs = new ArrayList<>();
        Set<Node> visited = new LinkedHashSet<>();
        for (Node n : List.copyOf(graph.nodes())) {
            if (!isEqualizable(n) || visited.contains(n)) {
                continue;
            }
            Set<Node> down = ends(Set.of(n), graph::downstream);
            Set<Node> up = ends(down, graph::upstream);
            visited.addAll(up);
            if (!down.isEmpty()
                    && !up.isEmpty()
                    && down.stream().allMatch(this::isEqualizable)
                    && up.stream().allMatch(this::isEqualizable)
                    && ends(up, graph::downstream).equals(down)
                    && up.stream().noneMatch(this::isOutput)) {
                List<Node> between = between(up);
                Set<Integer> channels = channels(up, true);
                if (between.stream().noneMatch(this::isOutput)
                        && channels.size() == 1
                        && channels.equals(channels(down, false))) {
                    int count = channels.iterator().next();
                    pairs.add(new Pair(List.copyOf(up), List.copyOf(down), between, count));
                }
            }
        }
        return pairs;
    }

    private boolean isEqualizable(Node n) {
        return n.isOneOf(OperatorTable.biased())
                && graph.isInitializer(n.input(1))
                && (!n.hasInput(2) || graph.isInitializer(n.input(2)));
    }

    /** First nodes that are no relays on every way from {@code starts}. */
    private Set<Node> ends(Set<Node> starts, Function<Node, Set<Node>> next) {
        Set<Node> ends = new LinkedHashSet<>();
        Set<Node> seen = new LinkedHashSet<>();
        List<Node> open = new ArrayList<>(starts);
        while (!open.isEmpty()) {
            for (Node n : next.apply(open.remove(open.size() - 1))) {
                if (!relays.test(n)) {
                    ends.add(n);
                } else if (seen.add(n)) {
                    open.add(n);
                }
            }
        }
        return ends;
    }

    /** A scaled tensor on the way is an output of the model: scaling would show. */
    private boolean isOutput(Node n) {
        return n.outputs().stream().anyMatch(graph::isOutput);
    }

    /** Nodes on the ways from the first layers to the second. */
    private List<Node> between(Set<Node> up) {
        Set<Node> seen = new LinkedHashSet<>();
        List<Node> open = new ArrayList<>(up);
        while (!open.isEmpty()) {
            graph.downstream(open.remove(open.size() - 1)).stream()
                    .filter(d -> relays.test(d) && seen.add(d))
                    .forEach(open::add);
        }
        return List.copyOf(seen);
    }

    /** Multiplies the output channels of the first layers and divides the input channels of the second. */
    void scale(Pair pair, float[] scale, GraphEditor editor) {
        for (Node n : pair.up()) {
            scale(n, scale, true, editor);
            if (n.hasInput(2)) {
                Tensor b = graph.initializer(n.input(2)).orElseThrow();
                float[] bias = b.floats();
                for (int c = 0; c < bias.length; c++) {
                    bias[c] *= scale[c];
                }
                editor.initializer(n.input(2), Tensor.ofFloats(b.dims(), bias));
            }
        }
        pair.down().forEach(n -> scale(n, scale, false, editor));
    }

    /** Largest weight of every channel that the first layers make. */
    float[] up(Pair pair) {
        return ranges(pair.up(), true, pair.channels());
    }

    /** Largest weight of every channel that the second layers read. */
    float[] down(Pair pair) {
        return ranges(pair.down(), false, pair.channels());
    }

    private float[] ranges(List<Node> nodes, boolean output, int channels) {
        float[] ranges = new float[channels];
        for (Node n : nodes) {
            WeightLayout view = layout(n);
            float[] values = graph.initializer(n.input(1)).orElseThrow().floats();
            for (int i = 0; i < values.length; i++) {
                int c = output ? view.output(i) : view.input(i);
                ranges[c] = Math.max(ranges[c], Math.abs(values[i]));
            }
        }
        return ranges;
    }

    /** Behind an Add that repeats a single channel, layers may have another number of them. */
    private Set<Integer> channels(Set<Node> nodes, boolean output) {
        Set<Integer> channels = new LinkedHashSet<>();
        nodes.forEach(n ->
                channels.add(output ? layout(n).outputChannels() : layout(n).inputChannels()));
        return channels;
    }

    private WeightLayout layout(Node n) {
        return WeightLayout.of(n, graph.initializer(n.input(1)).orElseThrow()).orElseThrow();
    }

    private void scale(Node n, float[] scale, boolean output, GraphEditor editor) {
        Tensor w = graph.initializer(n.input(1)).orElseThrow();
        WeightLayout view = layout(n);
        float[] values = w.floats();
        for (int i = 0; i < values.length; i++) {
            values[i] = output ? values[i] * scale[view.output(i)] : values[i] / scale[view.input(i)];
        }
        editor.initializer(n.input(1), Tensor.ofFloats(w.dims(), values));
    }
}
