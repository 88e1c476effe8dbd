package dev.detent.support.number;

import dev.detent.spi.quant.CodeRange;
import dev.detent.spi.quant.Scheme;

/** The same scheme in another width, for targets that have several. */
public final class Widths {

    private Widths() {}

    /**
     * Codes of another width that lie as those of the scheme do: all of them where the scheme uses all, as many on both
     * sides where the scheme is so, none below zero where the scheme has none.
     *
     * @param bits 2 to 32
     */
    public static Scheme of(Scheme scheme, int bits) {
        if (scheme.bits() == bits) {
            return scheme;
        }
        if (scheme.quantMin() >= 0) {
            return scheme.with(new CodeRange(bits, 0, (1L << bits) - 1));
        }
        long most = (1L << bits - 1) - 1;
        return scheme.with(new CodeRange(bits, scheme.quantMin() == -scheme.quantMax() ? -most : -most - 1, most));
    }
}
