package dev.detent.backends.litert;

import dev.detent.spi.observe.ObserverDefinition;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.observe.FixedQParamsObserver;
import java.util.List;

/**
 * Encodings that LiteRT's kernels insist on (tensorflow.org/lite/performance/quantization_spec): probabilities and
 * LOGISTIC 1/256 from the lowest code, TANH 1/128 around 0; of 16 bits 1/32768 around 0.
 */
final class FixedEncoding {

    static final String PROBABILITY = "litert-probability";
    static final String TANH = "litert-tanh";

    static final List<ObserverDefinition> DEFINITIONS = List.of(
            definition(PROBABILITY, "LiteRT's encoding of SOFTMAX and LOGISTIC", true),
            definition(TANH, "LiteRT's encoding of TANH", false));

    private FixedEncoding() {}

    private static ObserverDefinition definition(String id, String summary, boolean probability) {
        return new ObserverDefinition(
                id,
                summary,
                List.of(),
                s -> !s.isPerChannel() && s.system().isAffineInteger(),
                (s, o) -> new FixedQParamsObserver(scheme -> parameters(scheme, probability)));
    }

    static QuantizationParameters parameters(Scheme scheme, boolean probability) {
        if (scheme.symmetric() || !probability) {
            return QuantizationParameters.of(Math.scalb(1f, 1 - scheme.bits()), 0);
        }
        return QuantizationParameters.of(Math.scalb(1f, -scheme.bits()), scheme.quantMin());
    }
}
