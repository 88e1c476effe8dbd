package dev.detent.spi.quant;

import dev.detent.spi.Stable;

/**
 * What a number system makes of one range, in double precision; {@link Scheme#cover(double, double)} rounds it to the
 * floats of {@link QuantizationParameters}.
 *
 * @param scale positive; see {@link NumberSystem} for what it means
 * @param zeroPoint the code of 0.0, whole; 0 where the system has none
 */
@Stable(since = "1.0")
public record ScaleAndZeroPoint(double scale, double zeroPoint) {}
