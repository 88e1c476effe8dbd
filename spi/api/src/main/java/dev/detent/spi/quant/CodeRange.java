package dev.detent.spi.quant;

import dev.detent.spi.Stable;

/**
 * The codes a scheme may use. Of a floating-point system {@code min} and {@code max} are the numbers at scale 1
 * instead.
 *
 * @param bits width of a code, 2 to 32
 * @param min smallest code
 * @param max largest code, above {@code min}
 */
@Stable(since = "1.0")
public record CodeRange(int bits, long min, long max) {

    /**
     * Checks the components.
     *
     * @throws IllegalArgumentException when {@code bits} or the order of the bounds is wrong
     */
    public CodeRange {
        if (bits < 2 || bits > 32) {
            throw new IllegalArgumentException("bits must be 2 to 32, not " + bits);
        }
        if (min >= max) {
            throw new IllegalArgumentException("quantMin " + min + " must lie below quantMax " + max);
        }
    }

    /** How many codes there are. */
    public long count() {
        return max - min + 1;
    }
}
