package dev.detent.passes.tuning;

import dev.detent.spi.pass.PassContext;
import dev.detent.spi.run.Block;

/** Something of a block that is learned by its gradient. */
interface Learner {

    /** Puts what it is worth now where the block is run from. */
    void put(Block.Values values);

    /**
     * One step against the gradient.
     *
     * @param rate in this learner's own units
     * @param progress of the learning, from 0 to 1
     */
    void learn(Block.Gradient gradient, double rate, double progress);

    /** From now on nothing is soft: what {@link #put} puts is what {@link #commit} would leave. */
    default void settle() {}

    /** Writes it into the network. */
    void commit(PassContext context);
}
