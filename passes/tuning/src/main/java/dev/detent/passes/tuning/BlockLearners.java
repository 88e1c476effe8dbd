package dev.detent.passes.tuning;

import dev.detent.spi.graph.Tensor;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.run.Block;
import dev.detent.support.operator.InputRole;
import dev.detent.support.operator.OperatorTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What of a block is learned, and how fast. Rates are parts of the learning rate; 0 leaves alone.
 *
 * @param scales rates of scales and zero points
 * @param biases rate of the biases
 * @param hold weight of what holds weights at their codes: LSQ's gamma, AdaRound's regulariser
 * @param layers names of the nodes whose weights and biases are learned; all when empty
 */
record BlockLearners(Weights weights, Scales scales, double biases, double hold, Set<String> layers)
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

    /**
     * Rates of scales.
     *
     * @param weights those of weights
     * @param activations those of activations, and their zero points
     * @param exponents those of either that are powers of two, in place of the other rates
     */
    record Scales(double weights, double activations, double exponents) {
        static final Scales FIXED = new Scales(0, 0, 0);

        private double of(TensorQuantization config) {
            return config.scheme().powerOfTwo() ? exponents : config.isInitializer() ? weights : activations;
        }
    }

    @Override
    public List<Learner> of(PassContext context, Block block) {
        List<Learner> all = new ArrayList<>();
        for (Block.Parameter p : block.parameters()) {
            if (layers.isEmpty() || layers.contains(p.slot().node())) {
                parameter(context, block, p).ifPresent(all::add);
            }
        }
        if (layers.isEmpty() || !all.isEmpty()) {
            block.activations().stream()
                    .filter(a -> scales.of(a) > 0)
                    .forEach(a -> all.add(new ScaledRateLearner(new LearnedActivation(a), scales.of(a))));
        }
        return all;
    }

    private Optional<Learner> parameter(PassContext context, Block block, Block.Parameter p) {
        Tensor now = context.graph().initializer(p.value()).orElseThrow();
        Optional<? extends TensorQuantization> config =
                context.quantization().config(p.slot()).filter(c -> c.state().isActive());
        if (config.isEmpty() && isWeight(context, p)) {
            // A layer that stays in float keeps the model's own weights.
            return Optional.empty();
        }
        if (config.isEmpty() || config.get().state().isPassive()) {
            return biases > 0 ? Optional.of(new ScaledRateLearner(new LearnedBias(p, now), biases)) : Optional.empty();
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
                                new LearnedWeight.Rates(
                                        scales.of(config.get()), weights == Weights.VALUES ? hold : 0)));
    }

    private static boolean isWeight(PassContext context, Block.Parameter p) {
        return context.graph()
                .node(p.slot().node())
                .filter(n -> OperatorTable.role(n, p.slot().index(), context.graph()) == InputRole.WEIGHT)
                .isPresent();
    }

    /** A weight with scales of its own that the target does not prescribe. */
    static boolean isLearned(TensorQuantization config) {
        return config.state().isCalibrated()
                && config.isOwnRoot()
                && !config.isFixed()
                && !config.scheme().system().isDynamic();
    }
}
