package dev.detent.spi.pass;

import dev.detent.spi.Stable;

/**
 * What can be true of a model on its way, in the order in which a plan usually makes it true. Passes are ordered by the
 * facts they require, forbid, establish and invalidate. Each fact has an executable invariant, which the host evaluates
 * after every step for as long as the fact holds.
 */
@Stable(since = "1.0")
public enum Fact {
    /** Opset 13 or newer; constants that nodes read are initializers. Established by the step {@code normalize}. */
    FORMATTED,
    /** Every node has a {@link Placement}. Established by the step {@code place}. */
    DISPATCHED,
    /** Every slot of every quantized node has a config. Established by the step {@code rules}. */
    RULES_APPLIED,
    /** No config of an initializer is INITIAL. */
    PARAMETERS_CALIBRATED,
    /** No config at all is INITIAL. */
    ACTIVATIONS_CALIBRATED,
    /** No config is PASSIVE_INIT. */
    PASSIVES_DERIVED,
    /** No config of an initializer is active except followers of another config. */
    BAKED,
    /**
     * Every state is settled; the model may be exported. Established by the step {@code freeze}, the last of a plan.
     */
    EXPORTABLE
}
