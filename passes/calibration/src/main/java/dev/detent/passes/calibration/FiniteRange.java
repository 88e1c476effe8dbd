package dev.detent.passes.calibration;

import dev.detent.spi.observe.Observer;
import dev.detent.spi.problem.PluginException;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Range;
import dev.detent.spi.quant.Scheme;
import java.util.Optional;

/**
 * Ranges that mean something. An attention mask of -3.4e38 or -infinity has a range in which every other value is zero.
 */
final class FiniteRange {

    /** The reason for leaving such a tensor float. */
    static final String WITHOUT_END =
            "its range has no end (an attention mask, most likely); quantized, all else would be zero";

    static final double LARGEST = 1e30;

    private FiniteRange() {}

    /** What the observer renders; empty when the range has no end. */
    static Optional<QuantizationParameters> render(Observer observer, Scheme scheme) {
        QuantizationParameters p;
        try {
            p = observer.render(scheme);
        } catch (IllegalArgumentException e) {
            // Infinity or NaN was seen: no scale covers it.
            return Optional.empty();
        } catch (PluginException e) {
            // The same, from an observer that the host guards.
            if (e.getCause() instanceof IllegalArgumentException) {
                return Optional.empty();
            }
            throw e;
        }
        for (int c = 0; c < p.channels(); c++) {
            Range range = scheme.system().range(p.scale(c), p.zeroPoint(c), scheme);
            if (!(range.high() - range.low() < LARGEST)) {
                return Optional.empty();
            }
        }
        return Optional.of(p);
    }
}
