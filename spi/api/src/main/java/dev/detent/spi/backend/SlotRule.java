package dev.detent.spi.backend;

import dev.detent.spi.quant.Scheme;

/** What a backend decides about one slot. {@code observer} is an observer's id. */
public record SlotRule(Scheme scheme, String observer, InitialState state) {

    public SlotRule with(Scheme newScheme) {
        return new SlotRule(newScheme, observer, state);
    }

    public SlotRule with(InitialState newState) {
        return new SlotRule(scheme, observer, newState);
    }

    public SlotRule observedBy(String newObserver) {
        return new SlotRule(scheme, newObserver, state);
    }
}
