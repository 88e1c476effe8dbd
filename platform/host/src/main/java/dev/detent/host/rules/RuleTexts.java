package dev.detent.host.rules;

import dev.detent.spi.backend.TensorRule;
import dev.detent.spi.quant.Scheme;

/** What a slot's rule says, in a few words for a table. */
public final class RuleTexts {

    private RuleTexts() {}

    /** For example {@code float}, {@code 16 bit asymmetric, mse} or {@code 32 bit from input x weight}. */
    public static String of(TensorRule rule) {
        return switch (rule.state()) {
            case FP32 -> "float";
            case DEACTIVATED -> "off";
            case PASSIVE_INIT -> rule.scheme().bits() + " bit from input x weight";
            case INITIAL -> format(rule.scheme()) + ", " + rule.observer();
        };
    }

    private static String format(Scheme s) {
        return (s.system().isAffineInteger()
                        ? (s.quantMin() < 0 ? "int" : "uint") + s.bits()
                        : s.system().id())
                + (s.symmetric() ? " symmetric" : " asymmetric")
                + (s.isPerChannel() ? " per channel" : "");
    }
}
