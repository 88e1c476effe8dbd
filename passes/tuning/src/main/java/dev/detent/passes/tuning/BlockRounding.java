package dev.detent.passes.tuning;

import dev.detent.spi.option.Option;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;

/**
 * The passes that learn which way each weight is rounded: AdaRound (Nagel et al. 2020) alone, and the reconstruction of
 * blocks (BRECQ, Li et al. 2021) with activation scales, Fisher weights and randomly dropped quantization (QDrop, Wei
 * et al. 2022).
 */
final class BlockRounding {

    private static final Option<Integer> STEPS =
            Option.integer("steps", 200, "steps for each block").atLeast(1);
    private static final Option<Double> RATE =
            Option.number("lr", 0.05, "learning rate of the choices").atLeast(0);
    private static final Option<Double> GAMMA = Option.number(
                    "gamma", 1, "how strongly choices are pulled to one of the two codes")
            .atLeast(0);
    private static final Option<Double> SCALE_RATE = Option.number(
                    "scale-lr", 0.02, "learning rate of activation scales and offsets, as a part of lr")
            .atLeast(0);
    private static final Option<Double> BIAS_RATE = Option.number(
                    "bias-lr", 0.02, "learning rate of biases, as a part of lr")
            .atLeast(0);
    private static final Option<Double> DROP = Option.number(
                    "drop", 0.5, "probability that an activation is not quantized while learning")
            .atLeast(0)
            .atMost(1);

    static final PassDefinition ADAROUND = new PassDefinition(
            BlockOptions.describe("adaround", "learns which way each weight is rounded, block by block")
                    .options(BlockOptions.and(STEPS, RATE, GAMMA, BlockOptions.BLOCK, BlockOptions.LAYERS))
                    .build(),
            context -> run(
                    context,
                    "adaround",
                    0,
                    0,
                    new BlockOptions.Pace(
                            context.options().get(STEPS), context.options().get(RATE), 0, 0)));

    static final PassDefinition RECONSTRUCTION = new PassDefinition(
            BlockOptions.describe(
                            "block-reconstruction",
                            "learns rounding, activation scales and biases block by block, with quantization dropped at random")
                    .options(BlockOptions.and(
                            STEPS,
                            RATE,
                            GAMMA,
                            BlockOptions.BLOCK,
                            BlockOptions.LAYERS,
                            BlockOptions.CURVATURE,
                            SCALE_RATE,
                            BIAS_RATE,
                            DROP))
                    .build(),
            context -> run(
                    context,
                    "block-reconstruction",
                    context.options().get(SCALE_RATE),
                    context.options().get(BIAS_RATE),
                    new BlockOptions.Pace(
                            context.options().get(STEPS),
                            context.options().get(RATE),
                            context.options().get(DROP),
                            context.options().get(BlockOptions.CURVATURE))));

    private BlockRounding() {}

    private static void run(PassContext context, String pass, double scales, double biases, BlockOptions.Pace pace) {
        BlockLearners learners = new BlockLearners(
                BlockLearners.Weights.ROUNDING,
                new BlockLearners.Scales(0, scales, scales),
                biases,
                context.options().get(GAMMA),
                BlockOptions.layers(context));
        BlockOptions.learn(context, pass, pace, learners);
    }
}
