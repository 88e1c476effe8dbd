package dev.detent.passes.tuning;

import dev.detent.spi.graph.Tensor;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.run.Block;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What of a block is learned, and how fast. Rates are parts of the learning rate; 0 leaves alone.
 *
 * @param weightScales rate of the scales of weights
 * @param activations rate of scales and zero points of activations
 * @param biases rate of the biases
 * @param hold weight of what holds weights at their codes: LSQ's gamma, AdaRound's regulariser
 * @param layers names of the nodes whose weights and biases are learned; all when empty
 */
record BlockLearners(
        Weights weights, double weightScales, double activations, double biases, double hold, Set<String> layers)
        implements BlockLearning.Learners {

    /** How weights are learned. */
    enum Weights {
        /** They stay. */
        FIXED,
        /** By their values, which are rounded at every step. */
        VALUES,
        /** By the choice between the two codes around each. */
        ROUNDING
    }

    @Override
    public List<Learner> of(PassContext context, Block block) {
        List<Learner> all = new ArrayList<>();
        for (Block.Parameter p : block.parameters()) {
            if (layers.isEmpty() || layers.contains(p.slot().node())) {
                parameter(context, block, p).ifPresent(all::add);
            }
        }
        if (activations > 0 && (layers.isEmpty() || !all.isEmpty())) {
            block.activations().forEach(a -> all.add(new Slower(new LearnedActivation(a), activations)));
        }
        return all;
    }

    private Optional<Learner> parameter(PassContext context, Block block, Block.Parameter p) {
        Tensor now = context.graph().initializer(p.value()).orElseThrow();
        Optional<? extends TensorQuantization> config =
                context.quantization().config(p.slot()).filter(c -> c.state().isActive());
        if (config.isEmpty() || config.get().state().isPassive()) {
            return biases > 0 ? Optional.of(new Slower(new LearnedBias(p, now), biases)) : Optional.empty();
        }
        if (weights == Weights.FIXED || !isLearned(config.get())) {
            return Optional.empty();
        }
        boolean integer = config.get().scheme().system().isAffineInteger();
        return Optional.of(
                weights == Weights.ROUNDING && integer
                        ? new LearnedRounding(p, config.get(), now, block.exact(p), hold)
                        : new LearnedWeight(
                                p,
                                config.get(),
                                now,
                                block.exact(p),
                                new LearnedWeight.Rates(1, weightScales, weights == Weights.VALUES ? hold : 0)));
    }

    /** A weight with scales of its own that the target does not prescribe. */
    private static boolean isLearned(TensorQuantization config) {
        return config.state().isCalibrated()
                && config.isOwnRoot()
                && !config.isFixed()
                && !config.scheme().system().isDynamic();
    }
}
