package dev.detent.runtime.gradient;

import dev.detent.spi.graph.Node;
import java.util.List;

/** The gradient of one operator: a row of {@link GradientTable}. */
@FunctionalInterface
interface GradientRule {

    /**
     * Adds the nodes that compute the gradients to a node's inputs.
     *
     * @param upstream gradients to the node's outputs, by position; {@code ""} where none arrives
     * @return gradients to its inputs, by position; {@code ""}, or nothing at the end, where none flows or nobody
     *     {@link GradientBuilder#isWanted wants} one
     */
    List<String> apply(GradientBuilder b, Node node, List<String> upstream);
}
