package dev.detent.spi.backend;

import dev.detent.spi.quant.Scheme;

/** What a backend decides about one slot. {@code observer} is an observer's id. */
public record TensorRule(Scheme scheme, String observer, InitialState state) {

    public TensorRule with(Scheme newScheme) {
        return new TensorRule(newScheme, observer, state);
    }

    public TensorRule with(InitialState newState) {
        return new TensorRule(scheme, observer, newState);
    }

    public TensorRule observedBy(String newObserver) {
        return new TensorRule(scheme, newObserver, state);
    }
}
