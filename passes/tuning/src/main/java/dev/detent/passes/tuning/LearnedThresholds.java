package dev.detent.passes.tuning;

import dev.detent.spi.option.Option;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;
import java.util.Set;

/**
 * Learns exponents, weights and biases of targets whose scales are powers of two (TQT, Jain et al. 2020). Does nothing
 * for others, and takes no time there.
 */
final class LearnedThresholds {

    private static final Option<Integer> STEPS =
            Option.integer("steps", 100, "steps for each block").atLeast(1);
    private static final Option<Double> RATE = Option.number(
                    "lr", 0.01, "learning rate: weights move in units of their step")
            .atLeast(0);
    private static final Option<Double> EXPONENT_RATE = Option.number(
                    "exponent-lr", 1, "learning rate of exponents, as a part of lr")
            .atLeast(0);
    private static final Option<Double> BIAS_RATE = Option.number(
                    "bias-lr", 0.1, "learning rate of biases, as a part of lr")
            .atLeast(0);

    static final PassDefinition DEFINITION = new PassDefinition(
            BlockOptions.describe("tqt", "learns exponents and weights where scales are powers of two")
                    .options(BlockOptions.and(STEPS, RATE, EXPONENT_RATE, BIAS_RATE, BlockOptions.BLOCK))
                    .build(),
            LearnedThresholds::run);

    private LearnedThresholds() {}

    private static void run(PassContext context) {
        if (context.quantization().configs().stream()
                .noneMatch(c -> c.state().isCalibrated() && c.scheme().powerOfTwo())) {
            return;
        }
        double exponents = context.options().get(EXPONENT_RATE);
        BlockLearners learners = new BlockLearners(
                BlockLearners.Weights.VALUES,
                new BlockLearners.Scales(0, 0, exponents),
                context.options().get(BIAS_RATE),
                0,
                Set.of());
        BlockOptions.learn(
                context, "tqt", context.options().get(STEPS), context.options().get(RATE), 0, learners);
    }
}
