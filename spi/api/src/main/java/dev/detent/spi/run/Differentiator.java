package dev.detent.spi.run;

import dev.detent.spi.Experimental;
import dev.detent.spi.ImplementedByHost;
import dev.detent.spi.graph.Node;
import java.util.List;
import java.util.function.Consumer;

/**
 * Gradients of the quantized network, block by block: what tuning needs to learn weights, scales and offsets without a
 * training framework. The network is walked once, from its inputs to its outputs; every block sees what arrives from
 * the blocks before it, as they were left. Serves one pass on its thread; blocks use as many threads as the run has,
 * and the numbers do not depend on how many those are.
 */
@Experimental(since = "1.0")
@ImplementedByHost
public interface Differentiator {

    /**
     * How the network is cut and how much of the data is looked at.
     *
     * @param depth a block has about as many weighted operators, fewer or a few more where fewer tensors cross its end
     * @param samples at most so many samples to learn from, the first ones; fewer where they would not fit
     *     {@code bytes}
     * @param heldOut at most so many samples behind those, to judge by; nothing is learned from them. When there are
     *     too few samples for both, a fifth of them (at least one, if there are two) is held out
     * @param bytes the most memory that values between blocks may take, in bytes
     * @param curvature so many samples tell how much the network's outputs feel each channel of a block's output, and
     *     the block's errors are weighed by that; 0 when all channels count alike
     */
    record Cutting(int depth, int samples, int heldOut, long bytes, int curvature) {

        /** All channels of a block's output count alike. */
        public Cutting(int depth, int samples, int heldOut, long bytes) {
            this(depth, samples, heldOut, bytes, 0);
        }
    }

    /**
     * Hands the blocks to {@code visitor}, one after the other. What the visitor commits (values of initializers
     * through the editor, parameters of configs through the verbs) counts for the blocks that follow. A block is valid
     * during its visit only.
     *
     * @throws dev.detent.spi.problem.UserException when the network cannot be run on the samples
     */
    void walk(Cutting cutting, Consumer<? super Block> visitor);

    /** Nodes on the way of the data whose operator has no gradient: each ended a block of the last walk. */
    List<Node> withoutGradient();
}
