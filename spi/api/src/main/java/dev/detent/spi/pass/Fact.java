package dev.detent.spi.pass;

/**
 * What can be true of a model on its way, in canonical order. Each has an executable definition in the kernel's
 * invariants.
 */
public enum Fact {
    /** Constants are initializers, BatchNorm is folded, every parameter has one consumer. */
    FORMATTED,
    /** Weights are prepared (equalized, split, rewritten for the target); no config exists yet. */
    PREPARED,
    /** Every node has a side: quantized, float or shape. */
    DISPATCHED,
    /** Every slot of every quantized node has a config. */
    RULES_APPLIED,
    /** Shape inputs are SOI, clip bounds FP32, pad values passive. */
    REFINED,
    /** Tensors inside fused operators are covered. */
    FUSED,
    /** Duplicates along an edge are covered. */
    SIMPLIFIED,
    /** No parameter config is INITIAL. */
    PARAMETERS_CALIBRATED,
    /** No config at all is INITIAL. */
    ACTIVATIONS_CALIBRATED,
    /** Operands that must share a scale share it. */
    ALIGNED,
    /** No config is PASSIVE_INIT. */
    PASSIVES_DERIVED,
    /** Parameters have been tuned against data. */
    TUNED,
    /** No parameter config is active except followers of another config. */
    BAKED,
    /** Every state is settled; the model may be exported. */
    EXPORTABLE
}
