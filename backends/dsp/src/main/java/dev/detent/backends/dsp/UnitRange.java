package dev.detent.backends.dsp;

import dev.detent.spi.observe.Observer;
import dev.detent.spi.observe.ObserverDefinition;
import dev.detent.spi.quant.Parameters;
import dev.detent.spi.quant.Scheme;
import java.util.List;

/** No observation at all: the range is [0, 1] by definition (SNPE and QNN fix the output encoding of probabilities). */
final class UnitRange implements Observer {

    static final String ID = "unit-range";

    static final ObserverDefinition DEFINITION = new ObserverDefinition(ID, "the fixed range [0, 1] of probabilities", List.of(),
            s -> !s.isPerChannel(), (s, o) -> new UnitRange());

    @Override
    public void begin(long[] shape) {
        // Nothing to learn.
    }

    @Override
    public void accept(float[] values, int from, int to) {
        // Nothing to learn.
    }

    @Override
    public void end() {
        // Nothing to learn.
    }

    @Override
    public void merge(Observer other) {
        // Nothing to learn.
    }

    @Override
    public Parameters render(Scheme scheme) {
        return scheme.cover(0, 1);
    }
}
