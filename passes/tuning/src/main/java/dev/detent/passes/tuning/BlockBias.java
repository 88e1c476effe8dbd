package dev.detent.passes.tuning;

import dev.detent.spi.option.Option;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;
import java.util.Set;

/**
 * Learns biases alone, block by block: what the mean errors of all operators of a block, and of all blocks before it,
 * cost at its output is taken out there. The pass {@code bias-correction} looks at one layer of the float network at a
 * time.
 */
final class BlockBias {

    private static final Option<Integer> STEPS =
            Option.integer("steps", 30, "steps for each block").atLeast(1);
    private static final Option<Double> RATE = Option.number(
                    "lr", 0.01, "learning rate: a bias moves in units of the root mean square of its tensor")
            .atLeast(0);

    static final PassDefinition DEFINITION = new PassDefinition(
            BlockOptions.describe("block-bias-correction", "learns biases block by block")
                    .options(BlockOptions.and(STEPS, RATE, BlockOptions.BLOCK))
                    .build(),
            BlockBias::run);

    private BlockBias() {}

    private static void run(PassContext context) {
        BlockOptions.learn(
                context,
                "block-bias-correction",
                context.options().get(STEPS),
                context.options().get(RATE),
                0,
                new BlockLearners(BlockLearners.Weights.FIXED, BlockLearners.Scales.FIXED, 1, 0, Set.of()));
    }
}
