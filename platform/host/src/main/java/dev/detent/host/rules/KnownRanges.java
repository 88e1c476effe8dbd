package dev.detent.host.rules;

import dev.detent.spi.quant.CodeRange;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Range;
import dev.detent.spi.quant.Scheme;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Ranges of activations that somebody found before: a former run, another tool. They take the place of observers and,
 * unlike a range that a rule fixes, may still be aligned with others.
 *
 * @param from the file, for people
 * @param byTensor in the order of the file
 */
public record KnownRanges(String from, Map<String, Entry> byTensor) {

    /**
     * What is known of a tensor.
     *
     * @param exact the encoding itself, for a scheme with the same codes; any other covers the range
     */
    public record Entry(Range range, Optional<Exact> exact) {
        /** A range alone. */
        public static Entry of(double low, double high) {
            return new Entry(new Range(low, high), Optional.empty());
        }
    }

    /** An encoding, and the codes it was made for. */
    public record Exact(CodeRange codes, boolean symmetric, QuantizationParameters parameters) {
        boolean serves(Scheme scheme) {
            return !scheme.isPerChannel()
                    && parameters.channels() == 1
                    && scheme.codes().equals(codes)
                    && scheme.symmetric() == symmetric;
        }
    }

    /** Copies the map. */
    public KnownRanges {
        byTensor = Collections.unmodifiableMap(new LinkedHashMap<>(byTensor));
    }

    /** A rule that applies them to inputs and outputs; rules behind it count more. */
    public Rule asRule() {
        return Rule.of(
                Match.node("**").at(SlotRole.INPUT, SlotRole.OUTPUT),
                new Rule.Source(from, "ranges of " + from),
                new Setting.Known(this));
    }

    /** Parameters of a tensor that is in the table. */
    QuantizationParameters parameters(String tensor, Scheme scheme) {
        Entry e = byTensor.getOrDefault(tensor, Entry.of(0, 0));
        return e.exact()
                .filter(x -> x.serves(scheme))
                .map(Exact::parameters)
                .orElseGet(() -> scheme.cover(e.range().low(), e.range().high()));
    }
}
