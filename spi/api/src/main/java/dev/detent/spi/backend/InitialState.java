package dev.detent.spi.backend;

import dev.detent.spi.quant.QuantizationState;

/** The states a rule may start a slot in; anything else cannot be written. */
public enum InitialState {
    INITIAL(QuantizationState.INITIAL),
    PASSIVE_INIT(QuantizationState.PASSIVE_INIT),
    FP32(QuantizationState.FP32),
    SOI(QuantizationState.SOI);

    private final QuantizationState state;

    InitialState(QuantizationState state) {
        this.state = state;
    }

    public QuantizationState state() {
        return state;
    }
}
