package dev.detent.passes.tuning;

import dev.detent.spi.option.Option;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;

/**
 * Learns weights, biases, scales and offsets block by block, so that each block's output comes near the float network's
 * (LSQ, Esser et al. 2020, and PPQ's LearnedStepSizePass, whose options it has).
 */
final class LearnedStepSizes {

    private static final Option<Integer> STEPS =
            Option.integer("steps", 100, "steps for each block").atLeast(1);
    private static final Option<Double> RATE = Option.number(
                    "lr", 0.01, "learning rate: weights move in units of their step")
            .atLeast(0);
    private static final Option<Double> SCALE_RATE = Option.number(
                    "scale-lr", 0.1, "learning rate of scales and offsets, as a part of lr")
            .atLeast(0);
    private static final Option<Double> EXPONENT_RATE = Option.number(
                    "exponent-lr", 1, "learning rate of scales that are powers of two, as a part of lr")
            .atLeast(0);
    private static final Option<Double> BIAS_RATE = Option.number(
                    "bias-lr", 0.1, "learning rate of biases, as a part of lr")
            .atLeast(0);
    private static final Option<Double> GAMMA = Option.number(
                    "gamma", 0, "how strongly weights are held at their rounded values")
            .atLeast(0);

    static final PassDefinition DEFINITION = new PassDefinition(
            BlockOptions.describe("lsq", "learns weights, scales and offsets block by block")
                    .options(BlockOptions.and(
                            STEPS,
                            RATE,
                            SCALE_RATE,
                            EXPONENT_RATE,
                            BIAS_RATE,
                            GAMMA,
                            BlockOptions.BLOCK,
                            BlockOptions.LAYERS))
                    .build(),
            LearnedStepSizes::run);

    private LearnedStepSizes() {}

    private static void run(PassContext context) {
        double scales = context.options().get(SCALE_RATE);
        BlockLearners learners = new BlockLearners(
                BlockLearners.Weights.VALUES,
                new BlockLearners.Scales(scales, scales, context.options().get(EXPONENT_RATE)),
                context.options().get(BIAS_RATE),
                context.options().get(GAMMA),
                BlockOptions.layers(context));
        BlockOptions.learn(
                context, "lsq", context.options().get(STEPS), context.options().get(RATE), 0, learners);
    }
}
