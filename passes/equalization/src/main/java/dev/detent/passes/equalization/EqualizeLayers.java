package dev.detent.passes.equalization;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.option.Option;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.WeightLayout;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * Cross-layer equalization (Nagel et al. 2019, section 4.1): scales output channels of one layer by s and the following
 * layer's input channels by 1/s, which positive-homogeneous operators in between let pass, so that both use their
 * range. Details as PPQ 0.6.5.1: s = sqrt(down / up) clamped to [0.1, 10], 1 where up + down stays below a threshold.
 */
final class EqualizeLayers {

    private static final Set<String> RELAYS =
            Set.of("Relu", "MaxPool", "GlobalMaxPool", "PRelu", "AveragePool", "GlobalAveragePool");
    private static final Set<String> WIDE_RELAYS =
            Set.of("Relu", "MaxPool", "GlobalMaxPool", "PRelu", "AveragePool", "GlobalAveragePool", "Add", "Sub");

    private static final Option<Integer> ITERATIONS =
            Option.integer("iterations", 10, "rounds over all pairs").atLeast(1);
    private static final Option<Double> THRESHOLD = Option.number(
                    "threshold", 0.5, "channels whose ranges add up to less stay as they are")
            .atLeast(0);
    private static final Option<Integer> LEVEL = Option.integer("level", 1, "2 also equalizes across Add and Sub")
            .atLeast(1)
            .atMost(2);

    static final PassDefinition DEFINITION = new PassDefinition(
            PassDescriptor.of("equalization", "balances the weight ranges of neighbouring layers")
                    .requires(Fact.FORMATTED)
                    .forbids(Fact.DISPATCHED)
                    .after("bias-folding", "a bias is scaled with its layer, so it must be part of the layer")
                    .editsGraph()
                    .options(ITERATIONS, THRESHOLD, LEVEL)
                    .build(),
            context -> new EqualizeLayers(context).run());

    private record Pair(List<Node> up, List<Node> down) {}

    private final PassContext context;
    private final Graph graph;
    private final Set<String> relays;
    private final float threshold;

    private EqualizeLayers(PassContext context) {
        this.context = context;
        this.graph = context.graph();
        this.relays = context.options().get(LEVEL) > 1 ? WIDE_RELAYS : RELAYS;
        this.threshold = context.options().get(THRESHOLD).floatValue();
    }

    private void run() {
        List<Pair> pairs = pairs();
        for (int i = 0; i < context.options().get(ITERATIONS); i++) {
            pairs.forEach(this::equalize);
        }
    }

    private List<Pair> pairs() {
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
                    && !passesOutput(up)) {
                pairs.add(new Pair(List.copyOf(up), List.copyOf(down)));
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
                if (!n.isOneOf(relays)) {
                    ends.add(n);
                } else if (seen.add(n)) {
                    open.add(n);
                }
            }
        }
        return ends;
    }

    /** A scaled tensor on the way is an output of the model: scaling would show. */
    private boolean passesOutput(Set<Node> up) {
        List<Node> open = new ArrayList<>(up);
        Set<Node> seen = new LinkedHashSet<>(up);
        while (!open.isEmpty()) {
            Node n = open.remove(open.size() - 1);
            if (n.outputs().stream().anyMatch(graph::isOutput)) {
                return true;
            }
            graph.downstream(n).stream()
                    .filter(d -> d.isOneOf(relays) && seen.add(d))
                    .forEach(open::add);
        }
        return false;
    }

    private void equalize(Pair pair) {
        float[] up = ranges(pair.up(), true);
        float[] down = ranges(pair.down(), false);
        if (up.length != down.length) {
            return;
        }
        float[] scale = new float[up.length];
        for (int c = 0; c < scale.length; c++) {
            float s = (float) (1 / Math.sqrt(up[c] / down[c]));
            scale[c] = up[c] + down[c] < threshold || Float.isNaN(s) ? 1 : Math.min(10f, Math.max(0.1f, s));
        }
        for (Node n : pair.up()) {
            scale(n, scale, true);
            if (n.hasInput(2)) {
                Tensor b = graph.initializer(n.input(2)).orElseThrow();
                float[] bias = b.floats();
                for (int c = 0; c < bias.length; c++) {
                    bias[c] *= scale[c];
                }
                context.editor().initializer(n.input(2), Tensor.ofFloats(b.dims(), bias));
            }
        }
        pair.down().forEach(n -> scale(n, scale, false));
    }

    private float[] ranges(List<Node> nodes, boolean output) {
        float[] ranges = new float[0];
        for (Node n : nodes) {
            Tensor w = graph.initializer(n.input(1)).orElseThrow();
            WeightLayout view = WeightLayout.of(n, w).orElseThrow();
            int channels = output ? view.outputChannels() : view.inputChannels();
            if (ranges.length == 0) {
                ranges = new float[channels];
            } else if (ranges.length != channels) {
                return new float[0];
            }
            float[] values = w.floats();
            for (int i = 0; i < values.length; i++) {
                int c = output ? view.output(i) : view.input(i);
                ranges[c] = Math.max(ranges[c], Math.abs(values[i]));
            }
        }
        return ranges;
    }

    private void scale(Node n, float[] scale, boolean output) {
        Tensor w = graph.initializer(n.input(1)).orElseThrow();
        WeightLayout view = WeightLayout.of(n, w).orElseThrow();
        float[] values = w.floats();
        for (int i = 0; i < values.length; i++) {
            values[i] = output ? values[i] * scale[view.output(i)] : values[i] / scale[view.input(i)];
        }
        context.editor().initializer(n.input(1), Tensor.ofFloats(w.dims(), values));
    }
}
