package dev.detent.spi.quant;

import dev.detent.spi.Stable;

/**
 * An interval of real values, in the units of the tensor. Both ends belong to it. Not checked: what an observer of an
 * empty or broken tensor found is passed on as it is, and the number system decides what it makes of it.
 *
 * @param low smallest value
 * @param high largest value
 */
@Stable(since = "1.0")
public record Range(double low, double high) {}
