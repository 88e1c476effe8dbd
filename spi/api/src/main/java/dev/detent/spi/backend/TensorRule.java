package dev.detent.spi.backend;

import dev.detent.spi.Stable;
import dev.detent.spi.quant.Scheme;

/**
 * What a backend decides about one slot.
 *
 * @param scheme how it is quantized
 * @param observer id of the observer that calibrates it
 * @param state where its config starts
 */
@Stable(since = "1.0")
public record TensorRule(Scheme scheme, String observer, InitialState state) {

    /** The same rule with another scheme. */
    public TensorRule with(Scheme newScheme) {
        return new TensorRule(newScheme, observer, state);
    }

    /** The same rule with another state to start in. */
    public TensorRule with(InitialState newState) {
        return new TensorRule(scheme, observer, newState);
    }

    /** The same rule with another observer, by its id. */
    public TensorRule observedBy(String newObserver) {
        return new TensorRule(scheme, newObserver, state);
    }
}
