package dev.detent.spi.backend;

import dev.detent.spi.Stable;
import dev.detent.spi.quant.QuantizationState;

/** The states a rule may start a slot in; anything else cannot be written. */
@Stable(since = "1.0")
public enum InitialState {
    /** To be calibrated. */
    INITIAL(QuantizationState.INITIAL),
    /** To be derived from other slots: a bias from input and weight. */
    PASSIVE_INIT(QuantizationState.PASSIVE_INIT),
    /** Float, because the target computes it so. */
    FP32(QuantizationState.FP32),
    /** Float, because the user wants it so although the target could quantize it. */
    DEACTIVATED(QuantizationState.DEACTIVATED);

    private final QuantizationState state;

    InitialState(QuantizationState state) {
        this.state = state;
    }

    /** The state a config starts in. */
    public QuantizationState state() {
        return state;
    }
}
