package dev.detent.support.observe;

import dev.detent.spi.observe.Observer;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import java.util.function.Function;

/**
 * Learns nothing: the parameters follow from the scheme alone (output encodings that a chip fixes, ranges worked out at
 * run time).
 */
public final class FixedQParamsObserver implements Observer {

    private final Function<Scheme, QuantizationParameters> parameters;

    /** @param parameters scales and zero points for a scheme; called on any thread */
    public FixedQParamsObserver(Function<Scheme, QuantizationParameters> parameters) {
        this.parameters = parameters;
    }

    @Override
    public boolean needsData() {
        return false;
    }

    @Override
    public void begin(long[] shape) {
        // Nothing to learn.
    }

    @Override
    public void accept(float[] values, int from, int to) {
        // Nothing to learn.
    }

    @Override
    public void merge(Sketch other) {
        // Nothing to learn.
    }

    @Override
    public QuantizationParameters render(Scheme scheme) {
        return parameters.apply(scheme);
    }
}
