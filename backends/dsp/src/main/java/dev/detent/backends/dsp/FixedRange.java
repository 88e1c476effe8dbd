package dev.detent.backends.dsp;

import dev.detent.spi.observe.Observer;
import dev.detent.spi.observe.ObserverDefinition;
import dev.detent.spi.quant.Parameters;
import dev.detent.spi.quant.Scheme;
import java.util.List;
import java.util.function.Function;

/**
 * No observation at all: SNPE and QNN fix the output encodings of probabilities and of Tanh. Probabilities: scale 1/255 and zero point 0 in
 * 8 bits, 1/65536 in 16 (onnxruntime's QNN quant_config); Tanh: a step of 2^(1 - bits) around the middle code.
 */
final class FixedRange implements Observer {

    static final String UNIT = "unit-range";
    static final String TANH = "tanh-range";

    static final List<ObserverDefinition> DEFINITIONS = List.of(
            new ObserverDefinition(UNIT, "the fixed range [0, 1] of probabilities", List.of(), s -> !s.isPerChannel(),
                    (s, o) -> new FixedRange(scheme -> scheme.bits() == 16 && !scheme.symmetric() ? Parameters.of(0x1p-16f, scheme.quantMin())
                            : scheme.cover(0, 1))),
            new ObserverDefinition(TANH, "the fixed range [-1, 1) of Tanh", List.of(), s -> !s.isPerChannel(),
                    (s, o) -> new FixedRange(scheme -> Parameters.of(Math.scalb(1f, 1 - scheme.bits()),
                            scheme.symmetric() ? 0 : (scheme.quantMin() + scheme.quantMax() + 1) / 2))));

    private final Function<Scheme, Parameters> range;

    private FixedRange(Function<Scheme, Parameters> range) {
        this.range = range;
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
    public void end() {
        // Nothing to learn.
    }

    @Override
    public void merge(Observer other) {
        // Nothing to learn.
    }

    @Override
    public Parameters render(Scheme scheme) {
        return range.apply(scheme);
    }
}
