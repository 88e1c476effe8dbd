package dev.detent.passes.tuning;

import dev.detent.spi.option.Option;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.pass.PassRequirement;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Range;
import dev.detent.spi.quant.ScaleAndZeroPoint;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.quant.Transition;
import dev.detent.spi.run.Block;
import dev.detent.spi.run.Differentiator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Chooses clip and exponent of every activation by the error behind what reads it: the network is walked in blocks of a
 * few layers, and in each the ranges inside are narrowed and widened one after the other for as long as the error of
 * the block's output falls. The squared error of the activation itself would be a bad judge: what a clip cuts off is
 * often saturated by the next operator anyway. Forward runs alone; any number system.
 */
final class ActivationRanges {

    private static final Option<Integer> SAMPLES =
            Option.integer("samples", 16, "at most so many samples").atLeast(1);

    private static final Option<Integer> CURVATURE = BlockOptions.curvature(0);

    static final PassDefinition DEFINITION = new PassDefinition(
            PassDescriptor.of(
                            "activation-ranges", "chooses clips and exponents of activations by the error behind them")
                    .requires(Fact.PARAMETERS_CALIBRATED, Fact.ACTIVATIONS_CALIBRATED)
                    .forbids(Fact.BAKED)
                    .invalidates(Fact.PASSIVES_DERIVED)
                    .after("alignment", "scales are chosen for whole groups")
                    .before("float-fallback", "what still ruins the outputs with its best range goes back to float")
                    .before("bias-room", "a bias counts in units of the input scale")
                    .before("passive-parameters", "biases get their scales from activations")
                    .before("minimal-range", "what the converter would widen is widened last")
                    .before("adaptive-rounding", "weights are rounded for the input codes of the final scales")
                    .before("bias-correction", "the error is that of the final scales")
                    .asks(Transition.LEAD)
                    .needs(PassRequirement.SAMPLES)
                    .options(SAMPLES, BlockOptions.BLOCK, BlockOptions.MEMORY, CURVATURE)
                    .build(),
            context -> new ActivationRanges(context).run());

    private static final double[] NARROWER = {.9, .8, .7, .6, .5, .4, .3};
    private static final double[] WIDER = {1.1, 1.25};
    private static final double[] NARROWER_POWERS = {.5, .25};
    private static final double[] WIDER_POWERS = {2};

    /** The samples are few: less may be luck. */
    private static final double CLEARLY = 0.99;

    private final PassContext context;

    private ActivationRanges(PassContext context) {
        this.context = context;
    }

    private void run() {
        Differentiator.Cutting cutting = new Differentiator.Cutting(
                context.options().get(BlockOptions.BLOCK),
                context.options().get(SAMPLES),
                0,
                (long) context.options().get(BlockOptions.MEMORY) << 20,
                context.options().get(CURVATURE));
        context.differentiator().walk(cutting, this::choose);
    }

    private void choose(Block block) {
        List<TensorQuantization> inside = inside(block);
        if (inside.isEmpty() || block.samples() == 0) {
            return;
        }
        Block.Values values = block.values();
        double least = block.error(values);
        for (TensorQuantization a : inside) {
            boolean powers = a.scheme().powerOfTwo();
            double narrowed = follow(block, values, a, powers ? NARROWER_POWERS : NARROWER, least);
            least = narrowed < least ? narrowed : follow(block, values, a, powers ? WIDER_POWERS : WIDER, least);
        }
        for (TensorQuantization a : inside) {
            QuantizationParameters p = values.activations().get(a.slot());
            if (p != null && !p.equals(a.qparams().orElseThrow())) {
                context.states().lead(a, p, "costs least behind it");
            }
        }
    }

    /** Activations that are read in the block and nowhere else. */
    private List<TensorQuantization> inside(Block block) {
        Set<String> members = new HashSet<>();
        block.nodes().forEach(n -> members.add(n.name()));
        return block.activations().stream()
                .filter(a -> !a.isObserverChosen() && !a.scheme().isPerChannel())
                .filter(a -> !context.graph().isOutput(a.value())
                        && context.graph().consumers(a.value()).stream().allMatch(c -> members.contains(c.name())))
                .toList();
    }

    /** Goes along the parts for as long as the error falls clearly; leaves the best in the values. */
    private static double follow(Block block, Block.Values values, TensorQuantization a, double[] parts, double least) {
        Scheme scheme = a.scheme();
        QuantizationParameters now = a.qparams().orElseThrow();
        Range range = scheme.system().range(now.scale(0), now.zeroPoint(0), scheme);
        double lowest = least;
        QuantizationParameters best = values.activations().get(a.slot());
        for (double part : parts) {
            ScaleAndZeroPoint p = scaled(scheme, now, range, part);
            if (!(p.scale() > 0) || Double.isInfinite(p.scale())) {
                break;
            }
            QuantizationParameters tried = QuantizationParameters.of((float) p.scale(), (float) p.zeroPoint());
            if (tried.equals(best)) {
                continue;
            }
            values.activations().put(a.slot(), tried);
            double error = block.error(values);
            if (!(error < CLEARLY * lowest)) {
                break;
            }
            lowest = error;
            best = tried;
        }
        if (best != null) {
            values.activations().put(a.slot(), best);
        }
        return lowest;
    }

    private static ScaleAndZeroPoint scaled(Scheme scheme, QuantizationParameters now, Range range, double part) {
        return scheme.symmetric()
                ? new ScaleAndZeroPoint(LogScale.nearest(now.scale(0) * part, scheme), now.zeroPoint(0))
                : scheme.system().cover(new Range(range.low() * part, range.high() * part), scheme);
    }
}
