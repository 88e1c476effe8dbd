package dev.detent.passes.tuning;

import dev.detent.spi.pass.PassContext;
import dev.detent.spi.run.Block;

/** A learner at a part of the rate. */
record ScaledRateLearner(Learner learner, double part) implements Learner {

    @Override
    public void put(Block.Values values) {
        learner.put(values);
    }

    @Override
    public void learn(Block.Gradient gradient, double rate, double progress) {
        learner.learn(gradient, rate * part, progress);
    }

    @Override
    public void settle() {
        learner.settle();
    }

    @Override
    public void commit(PassContext context) {
        learner.commit(context);
    }
}
