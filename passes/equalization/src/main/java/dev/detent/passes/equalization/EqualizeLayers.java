package dev.detent.passes.equalization;

import dev.detent.spi.option.Option;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassDescriptor;
import java.util.List;
import java.util.Set;

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

    private final PassContext context;
    private final LayerPairs layers;
    private final float threshold;

    private EqualizeLayers(PassContext context) {
        this.context = context;
        Set<String> relays = context.options().get(LEVEL) > 1 ? WIDE_RELAYS : RELAYS;
        this.layers = new LayerPairs(context.graph(), n -> n.isOneOf(relays));
        this.threshold = context.options().get(THRESHOLD).floatValue();
    }

    private void run() {
        List<LayerPairs.Pair> pairs = layers.pairs();
        for (int i = 0; i < context.options().get(ITERATIONS); i++) {
            pairs.forEach(this::equalize);
        }
    }

    private void equalize(LayerPairs.Pair pair) {
        float[] up = layers.up(pair);
        float[] down = layers.down(pair);
        float[] scale = new float[up.length];
        for (int c = 0; c < scale.length; c++) {
            float s = (float) (1 / Math.sqrt(up[c] / down[c]));
            scale[c] = up[c] + down[c] < threshold || Float.isNaN(s) ? 1 : Math.min(10f, Math.max(0.1f, s));
        }
        layers.scale(pair, scale, context.editor());
    }
}
