package dev.detent.backends.dsp;

import dev.detent.spi.observe.ObserverDefinition;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.support.observe.FixedQParamsObserver;
import java.util.List;

/**
 * Observers that ignore the data: SNPE and QNN fix the output encodings of probabilities and of Tanh. Probabilities:
 * scale 1/255 and zero point 0 in 8 bits, 1/65536 in 16 (onnxruntime's QNN quant_config); Tanh: a step of 2^(1 - bits)
 * around the middle code.
 */
final class FixedRange {

    static final String UNIT = "unit-range";
    static final String TANH = "tanh-range";

    static final List<ObserverDefinition> DEFINITIONS = List.of(
            new ObserverDefinition(
                    UNIT,
                    "the fixed range [0, 1] of probabilities",
                    List.of(),
                    s -> !s.isPerChannel(),
                    (s, o) -> new FixedQParamsObserver(scheme -> scheme.bits() == 16 && !scheme.symmetric()
                            ? QuantizationParameters.of(0x1p-16f, scheme.quantMin())
                            : scheme.cover(0, 1))),
            new ObserverDefinition(
                    TANH,
                    "the fixed range [-1, 1) of Tanh",
                    List.of(),
                    s -> !s.isPerChannel(),
                    (s, o) -> new FixedQParamsObserver(scheme -> QuantizationParameters.of(
                            Math.scalb(1f, 1 - scheme.bits()),
                            scheme.symmetric() ? 0 : (scheme.quantMin() + scheme.quantMax() + 1) / 2))));

    private FixedRange() {}
}
