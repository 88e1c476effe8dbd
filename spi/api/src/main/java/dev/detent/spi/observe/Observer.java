package dev.detent.spi.observe;

import dev.detent.spi.ImplementedByPlugins;
import dev.detent.spi.Stable;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;

/**
 * A sketch that renders quantization parameters; what a plugin offers under a name, for rules and settings to choose
 * from.
 */
@Stable(since = "1.0")
@ImplementedByPlugins
public interface Observer extends Sketch {

    /** Whether it looks at values at all; one that does not is never shown any, and needs no calibration data. */
    default boolean needsData() {
        return true;
    }

    /**
     * Parameters for the scheme this observer was created with, or another of the same granularity; any number of
     * times, changing nothing. An observer that saw nothing renders the smallest scale.
     *
     * @throws IllegalArgumentException when no finite scale covers what it saw (infinities, NaN); the host then leaves
     *     the tensor in float
     */
    QuantizationParameters render(Scheme scheme) throws IllegalArgumentException;
}
