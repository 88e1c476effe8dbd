package dev.detent.passes.tuning;

import dev.detent.spi.option.Option;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.pass.PassRequirement;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.quant.Transition;
import dev.detent.spi.run.Block;
import dev.detent.spi.run.Differentiator;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Learns weights, biases, scales and offsets block by block, so that each block's output comes near the float
 * network's (LSQ, Esser et al. 2020, and PPQ's LearnedStepSizePass, whose options it has).
 */
final class LearnedStepSizes {

    private static final Option<Integer> STEPS =
            Option.integer("steps", 100, "steps for each block").atLeast(1);
    private static final Option<Double> RATE = Option.number(
                    "lr", 0.02, "learning rate: weights move in units of their step")
            .atLeast(0);
    private static final Option<Double> SCALE_RATE = Option.number(
                    "scale-lr", 0.1, "learning rate of scales and offsets, as a part of lr")
            .atLeast(0);
    private static final Option<Double> BIAS_RATE = Option.number(
                    "bias-lr", 0.1, "learning rate of biases, as a part of lr")
            .atLeast(0);
    private static final Option<Double> GAMMA = Option.number(
                    "gamma", 0, "how strongly weights are held at their rounded values")
            .atLeast(0);
    private static final Option<Integer> BLOCK = Option.integer(
                    "block-size", 4, "weighted operators of a block, about")
            .atLeast(1);
    private static final Option<String> LAYERS = Option.text(
            "interested-layers", "", "names of the nodes to learn, with commas between them; all when empty");

    static final PassDefinition DEFINITION = new PassDefinition(
            BlockOptions.describe("lsq", "learns weights, scales and offsets block by block")
                    .options(BlockOptions.and(STEPS, RATE, SCALE_RATE, BIAS_RATE, GAMMA, BLOCK, LAYERS))
                    .build(),
            LearnedStepSizes::run);

    private LearnedStepSizes() {}

    private static void run(PassContext context) {
        double lr = context.options().get(RATE);
        new BlockLearning(context, BlockOptions.schedule(context, context.options().get(STEPS), lr, 0), LearnedStepSizes::learners)
                .run(BlockOptions.cutting(context, context.options().get(BLOCK)), "lsq");
    }

    private static List<Learner> learners(PassContext context, Block block) {
        Set<String> layers = new HashSet<>(Option.list(context.options().get(LAYERS)));
        double scaleRate = context.options().get(SCALE_RATE);
        List<Learner> all = new ArrayList<>();
        for (Block.Parameter p : block.parameters()) {
            if (!layers.isEmpty() && !layers.contains(p.slot().node())) {
                continue;
            }
            Optional<? extends TensorQuantization> config = context.quantization().config(p.slot());
            if (config.filter(BlockOptions::isLearned).isPresent()) {
                all.add(new LearnedWeight(
                        p,
                        config.get(),
                        context.graph().initializer(p.value()).orElseThrow(),
                        block.exact(p),
                        new LearnedWeight.Rates(1, scaleRate, context.options().get(GAMMA))));
            } else if (config.filter(c -> c.state().isActive() && !c.state().isPassive()).isEmpty()) {
                all.add(new Slower(
                        new LearnedBias(
                                p, context.graph().initializer(p.value()).orElseThrow()),
                        context.options().get(BIAS_RATE)));
            }
        }
        if (scaleRate > 0 && (layers.isEmpty() || !all.isEmpty())) {
            block.activations().forEach(a -> all.add(new Slower(new LearnedActivation(a), scaleRate)));
        }
        return all;
    }
}
