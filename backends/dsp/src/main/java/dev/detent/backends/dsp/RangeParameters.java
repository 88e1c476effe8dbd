package dev.detent.backends.dsp;

import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.export.ReadBackParameters;

/** Scale and zero point that a range stands for: its ends are the lowest and the highest code. */
final class RangeParameters {

    private RangeParameters() {}

    static QuantizationParameters of(String entry, Scheme scheme, double min, double max) {
        double scale = (max - min) / (scheme.quantMax() - scheme.quantMin());
        return ReadBackParameters.parameters(
                entry, new float[] {(float) scale}, (float) Math.rint(scheme.quantMin() - min / scale));
    }
}
