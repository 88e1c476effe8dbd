package dev.detent.host.analyze;

import dev.detent.runtime.Variant;

/**
 * One thing whose quantization is judged by itself.
 *
 * @param name of the node, or of the tensor
 * @param node that owns it: a layer's, a weight's; for an activation that which computes it, or the input's name
 * @param opType of that node
 * @param alone the float network with only this quantized
 * @param without the quantized network with only this in float
 */
public record Unit(Kind kind, String name, String node, String opType, Variant alone, Variant without) {

    /** What it is. */
    public enum Kind {
        /** A node: its weights, its bias, and the tensors it reads, as this node reads them. */
        LAYER,
        /** A tensor that is computed, for all who read it. */
        ACTIVATION,
        /** The weight of a node, and its bias with it. */
        WEIGHT
    }
}
