package dev.detent.passes.equalization;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.option.Option;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.Pass;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.pass.PassRequirement;
import dev.detent.spi.pass.PassView;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.run.Simulator.Observation;
import dev.detent.support.operator.WeightLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Moves the differences between an activation's channels into the weights around it, so that one scale per tensor
 * serves all channels (the idea of SmoothQuant, Xiao et al. 2023, on every network a positive factor passes through:
 * see {@link ChannelGroups}). Where the weights have a scale per output channel, the layer before loses nothing; the
 * layer after pays with coarser weights. How far to go is decided for each set of tensors that hang together by
 * predicted noise: a factor is A^-a B^b, with A the channel's part of its tensor's range, B its part of the weights'
 * ranges behind it; exponents come from a grid. Uniform noise: step^2 / 12 for an activation and for a weight.
 */
final class SmoothActivations {

    private static final Option<Integer> SAMPLES = Option.integer(
                    "samples", 64, "at most so many samples; ranges of channels settle early")
            .atLeast(1);
    private static final Option<Double> LIMIT = Option.number(
                    "limit", 4, "largest factor between two channels of a tensor")
            .atLeast(1);

    private static final Option<Boolean> WEIGHTS_ONLY = Option.flag(
            "weights-only",
            false,
            "activations stay float: channels with large inputs get finer weights, as in AWQ (Lin et al. 2024)");

    static final PassDefinition DEFINITION = new PassDefinition(
            PassDescriptor.of(
                            "smoothing",
                            "balances the channels of activations through the weights around them; for weights with a scale per channel")
                    .requires(Fact.FORMATTED)
                    .forbids(Fact.DISPATCHED)
                    .after("bias-folding", "a constant Add behind a convolution is scaled as its bias")
                    .after("equalization", "the channel ranges are measured on the balanced network")
                    .editsGraph()
                    .needs(PassRequirement.STATISTICS)
                    .options(SAMPLES, LIMIT, WEIGHTS_ONLY)
                    .build(),
            new Smoothing());

    private static final double[] ACTIVATION_EXPONENTS = {0, 0.25, 0.5, 0.75, 0.9, 1};
    private static final double[] WEIGHT_EXPONENTS = {0, 0.5, 1};

    /** Steps of 8 bits on one side of zero. */
    private static final double LEVELS = 127;

    /** A smaller gain is not worth touching the network. */
    private static final double WORTHWHILE = 0.98;

    private static final class Smoothing implements Pass {

        @Override
        public List<Observation<ChannelRange>> observes(PassView view) {
            ChannelGroups groups = ChannelGroups.of(view.graph(), view::constant);
            return scalable(groups).stream()
                    .map(l -> observation(l, view.options().get(SAMPLES)))
                    .toList();
        }

        @Override
        public void run(PassContext context) {
            new SmoothActivations(context, ChannelGroups.of(context.graph(), context::constant)).run();
        }
    }

    private final PassContext context;
    private final Graph graph;
    private final ChannelGroups groups;
    private final double[] factors;

    private SmoothActivations(PassContext context, ChannelGroups groups) {
        this.context = context;
        this.graph = context.graph();
        this.groups = groups;
        this.factors = new double[groups.size()];
        Arrays.fill(factors, 1);
    }

    /** Layers with an input channel that a factor may scale. */
    private static List<ChannelGroups.Layer> scalable(ChannelGroups groups) {
        return groups.layers().stream()
                .filter(l -> Arrays.stream(groups.of(l.in())).anyMatch(g -> g != ChannelGroups.FIXED))
                .toList();
    }

    private static Observation<ChannelRange> observation(ChannelGroups.Layer layer, int samples) {
        return ChannelRange.of(layer.in(), samples);
    }

    private void run() {
        List<LayerNoiseModel> noises = new ArrayList<>();
        for (ChannelGroups.Layer l : scalable(groups)) {
            ChannelRange range = context.observed(
                            observation(l, context.options().get(SAMPLES)))
                    .orElseThrow();
            int[] in = groups.of(l.in());
            if (range.channels() == in.length) {
                noises.add(new LayerNoiseModel(
                        l.node(), graph.initializer(l.node().input(1)).orElseThrow(), in, range));
            }
        }
        int smoothed = 0;
        for (List<LayerNoiseModel> component : components(noises)) {
            smoothed += smooth(component) ? component.size() : 0;
        }
        if (smoothed > 0) {
            apply();
            context.report(Problem.note(
                    EqualizationProblems.SMOOTHED,
                    "balances the input channels of " + smoothed + " of "
                            + groups.layers().size() + " weighted operators",
                    "smoothing"));
        }
    }

    /** Layers that share a free group, directly or through others. */
    private static List<List<LayerNoiseModel>> components(List<LayerNoiseModel> layers) {
        Map<Integer, Integer> leader = new HashMap<>();
        DisjointSets sets = new DisjointSets();
        sets.grow(layers.size());
        for (int i = 0; i < layers.size(); i++) {
            for (int g : layers.get(i).groups()) {
                if (g != ChannelGroups.FIXED) {
                    Integer other = leader.putIfAbsent(g, i);
                    if (other != null) {
                        sets.join(i, other);
                    }
                }
            }
        }
        Map<Integer, List<LayerNoiseModel>> components = new LinkedHashMap<>();
        for (int i = 0; i < layers.size(); i++) {
            components.computeIfAbsent(sets.find(i), k -> new ArrayList<>()).add(layers.get(i));
        }
        return List.copyOf(components.values());
    }

    /** Chooses the exponents of one component; false when its channels stay as they are. */
    private boolean smooth(List<LayerNoiseModel> component) {
        double floor = 1 / context.options().get(LIMIT);
        Map<Integer, Double> activation = new LinkedHashMap<>();
        Map<Integer, Double> weight = new LinkedHashMap<>();
        for (LayerNoiseModel l : component) {
            l.shares(floor, activation, weight);
        }
        activation.remove(ChannelGroups.FIXED);
        double least = WORTHWHILE * noise(component);
        Map<Integer, Double> best = Map.of();
        for (double a : ACTIVATION_EXPONENTS) {
            for (double b : WEIGHT_EXPONENTS) {
                Map<Integer, Double> candidate = new LinkedHashMap<>();
                activation.forEach((g, share) ->
                        candidate.put(g, Math.pow(share, -a) * Math.pow(Objects.requireNonNull(weight.get(g)), b)));
                candidate.forEach((g, f) -> factors[g] = f);
                double noise = noise(component);
                if (noise < least) {
                    least = noise;
                    best = candidate;
                }
            }
        }
        activation.keySet().forEach(g -> factors[g] = 1);
        best.forEach((g, f) -> factors[g] = f);
        return !best.isEmpty();
    }

    private double noise(List<LayerNoiseModel> component) {
        double activations = context.options().get(WEIGHTS_ONLY) ? Double.POSITIVE_INFINITY : LEVELS;
        return component.stream()
                .mapToDouble(l -> l.predict(factors, activations, LEVELS))
                .sum();
    }

    private void apply() {
        for (ChannelGroups.Layer l : groups.layers()) {
            int[] in = groups.of(l.in());
            int[] out = groups.of(l.out());
            String name = l.node().input(1);
            Tensor w = graph.initializer(name).orElseThrow();
            WeightLayout view = WeightLayout.of(l.node(), w).orElseThrow();
            float[] values = w.floats();
            for (int i = 0; i < values.length; i++) {
                double up = out.length == 0 ? 1 : factors[out[view.output(i)]];
                double down = in.length == 0 ? 1 : factors[in[view.input(i)]];
                values[i] = (float) (values[i] * up / down);
            }
            context.editor().initializer(name, Tensor.ofFloats(w.dims(), values));
        }
        for (ChannelGroups.Shift s : groups.shifts()) {
            Tensor t = graph.initializer(s.initializer()).orElseThrow();
            int[] at = groups.of(s.channels());
            float[] values = t.floats();
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) (values[i] * factors[at[i]]);
            }
            context.editor().initializer(s.initializer(), Tensor.ofFloats(t.dims(), values));
        }
    }
}
