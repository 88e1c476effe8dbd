package dev.detent.passes.equalization;

import dev.detent.spi.graph.Node;
import dev.detent.spi.option.Option;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.Pass;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.pass.PassRequirement;
import dev.detent.spi.pass.PassView;
import dev.detent.spi.run.Simulator.Observation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Cross-layer equalization for layers with a Clip from 0 in between, such as ReLU6. A factor passes the lower end; the
 * upper end it passes in a channel that never comes near it: such a channel may be scaled up until it does, and down at
 * will. Channels that reach the upper end on the calibration data stay as they are. So the network computes what it
 * computed before, and one scale per tensor serves depthwise weights, whose large channels are mostly those with small
 * inputs.
 */
final class EqualizeAcrossClips implements Pass {

    private static final Set<String> RELAYS =
            Set.of("Relu", "MaxPool", "GlobalMaxPool", "AveragePool", "GlobalAveragePool");

    private static final Option<Integer> SAMPLES = Option.integer(
                    "samples", 64, "at most so many samples; ranges of channels settle early")
            .atLeast(1);
    private static final Option<Integer> ITERATIONS =
            Option.integer("iterations", 5, "rounds over all pairs").atLeast(1);
    private static final Option<Double> HEADROOM = Option.number(
                    "headroom", 1.25, "how much larger than all seen a value may be and still pass unclipped")
            .atLeast(1);
    private static final Option<Double> LIMIT =
            Option.number("limit", 64, "largest factor of a channel").atLeast(1);

    static final PassDefinition DEFINITION = new PassDefinition(
            PassDescriptor.of(
                            "clip-equalization",
                            "balances the weight ranges of layers with a ReLU6 in between; for weights with one scale per tensor")
                    .requires(Fact.FORMATTED)
                    .forbids(Fact.DISPATCHED)
                    .after("bias-folding", "a bias is scaled with its layer, so it must be part of the layer")
                    .after("equalization", "where nothing clips, layers are balanced already")
                    .before("smoothing", "the channel ranges are measured on the balanced network")
                    .editsGraph()
                    .needs(PassRequirement.STATISTICS)
                    .options(SAMPLES, ITERATIONS, HEADROOM, LIMIT)
                    .build(),
            new EqualizeAcrossClips());

    private EqualizeAcrossClips() {}

    /** Pairs with at least one Clip on the way. */
    private static List<LayerPairs.Pair> pairs(LayerPairs layers) {
        return layers.pairs().stream()
                .filter(p -> p.between().stream().anyMatch(n -> n.is("Clip")))
                .toList();
    }

    private static LayerPairs layers(PassView view) {
        return new LayerPairs(
                view.graph(),
                n -> n.isOneOf(RELAYS) || n.is("Clip") && upperEnd(view, n).isPresent());
    }

    /** Of a Clip from 0. */
    private static Optional<Float> upperEnd(PassView view, Node clip) {
        return end(view, clip, 1)
                .filter(low -> low == 0)
                .flatMap(low -> end(view, clip, 2))
                .filter(high -> high > 0);
    }

    private static Optional<Float> end(PassView view, Node clip, int input) {
        return clip.hasInput(input)
                ? view.constant(clip.input(input))
                        .filter(t -> t.elementCount() == 1)
                        .map(t -> t.floats()[0])
                : Optional.empty();
    }

    @Override
    public List<Observation<ChannelRange>> observes(PassView view) {
        Map<String, Observation<ChannelRange>> all = new LinkedHashMap<>();
        for (LayerPairs.Pair p : pairs(layers(view))) {
            p.between().stream()
                    .filter(n -> n.is("Clip"))
                    .forEach(n ->
                            all.put(n.output(0), observation(n, view.options().get(SAMPLES))));
        }
        return List.copyOf(all.values());
    }

    private static Observation<ChannelRange> observation(Node clip, int samples) {
        return ChannelRange.of(new ChannelGroups.Channels(clip.output(0), ChannelGroups.Axis.SECOND), samples);
    }

    @Override
    public void run(PassContext context) {
        LayerPairs layers = layers(context);
        List<LayerPairs.Pair> pairs = new ArrayList<>();
        List<float[]> room = new ArrayList<>();
        List<float[]> factors = new ArrayList<>();
        for (LayerPairs.Pair p : pairs(layers)) {
            float[] most = room(context, p);
            if (most.length > 0) {
                pairs.add(p);
                room.add(most);
                float[] ones = new float[most.length];
                Arrays.fill(ones, 1);
                factors.add(ones);
            }
        }
        for (int i = 0; i < context.options().get(ITERATIONS); i++) {
            for (int p = 0; p < pairs.size(); p++) {
                equalize(context, layers, pairs.get(p), room.get(p), factors.get(p));
            }
        }
    }

    /** How far each channel may be scaled up; 1 where it may not be scaled at all; empty when nothing is known. */
    private static float[] room(PassContext context, LayerPairs.Pair pair) {
        float[] room = new float[pair.channels()];
        Arrays.fill(room, Float.POSITIVE_INFINITY);
        double headroom = context.options().get(HEADROOM);
        for (Node n : pair.between()) {
            if (!n.is("Clip")) {
                continue;
            }
            float high = upperEnd(context, n).orElseThrow();
            Optional<ChannelRange> seen =
                    context.observed(observation(n, context.options().get(SAMPLES)));
            if (seen.isEmpty() || seen.get().channels() != pair.channels()) {
                return new float[0];
            }
            for (int c = 0; c < room.length; c++) {
                double most = high / (headroom * Math.max(seen.get().largest(c), Float.MIN_NORMAL));
                room[c] = (float) Math.min(room[c], Math.max(1, most));
            }
        }
        return room;
    }

    private static void equalize(
            PassContext context, LayerPairs layers, LayerPairs.Pair pair, float[] room, float[] factors) {
        float[] up = layers.up(pair);
        float[] down = layers.down(pair);
        float limit = context.options().get(LIMIT).floatValue();
        float[] scale = new float[up.length];
        for (int c = 0; c < scale.length; c++) {
            float wanted = (float) (factors[c] * Math.sqrt(down[c] / up[c]));
            boolean free = room[c] > 1 && up[c] > 0 && down[c] > 0;
            float factor = free ? Math.max(1 / limit, Math.min(Math.min(limit, room[c]), wanted)) : factors[c];
            scale[c] = factor / factors[c];
            factors[c] = factor;
        }
        layers.scale(pair, scale, context.editor());
    }
}
