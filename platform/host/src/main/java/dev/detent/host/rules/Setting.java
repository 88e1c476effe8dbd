package dev.detent.host.rules;

import dev.detent.spi.backend.InitialState;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Range;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** One thing that a rule sets. Its text is what a person would type, and stands in the journal. */
public sealed interface Setting {

    /** What it is about: of two settings of one topic at one slot, the later one counts. */
    enum Topic {
        STATE,
        BITS,
        SIGN,
        SYMMETRY,
        GRANULARITY,
        SYSTEM,
        PARAMETERS
    }

    Topic topic();

    /** Says how numbers are coded, and so that the slot is quantized. */
    default boolean isFormat() {
        return topic() != Topic.STATE && topic() != Topic.PARAMETERS;
    }

    /** The slot stays in floating point, as if the target computed it so. */
    record KeepFloat() implements Setting {
        @Override
        public Topic topic() {
            return Topic.STATE;
        }

        @Override
        public String toString() {
            return "keep=float";
        }
    }

    /** The slot is switched off although the target could quantize it: it starts DEACTIVATED. */
    record SwitchOff() implements Setting {
        @Override
        public Topic topic() {
            return Topic.STATE;
        }

        @Override
        public String toString() {
            return "state=off";
        }
    }

    /**
     * How a bias starts.
     *
     * @param state INITIAL for an observer of its own, PASSIVE_INIT for input scale x weight scale
     */
    record BiasState(InitialState state) implements Setting {
        @Override
        public Topic topic() {
            return Topic.STATE;
        }

        @Override
        public String toString() {
            return "state=" + (state == InitialState.INITIAL ? "initial" : "passive");
        }
    }

    /** Width of a code. */
    record Bits(int bits) implements Setting {
        @Override
        public Topic topic() {
            return Topic.BITS;
        }

        @Override
        public String toString() {
            return "bits=" + bits;
        }
    }

    /** Whether codes may be negative. */
    record Signed(boolean signed) implements Setting {
        @Override
        public Topic topic() {
            return Topic.SIGN;
        }

        @Override
        public String toString() {
            return "signed=" + signed;
        }
    }

    /** Whether the zero point is 0. */
    record Symmetric(boolean symmetric) implements Setting {
        @Override
        public Topic topic() {
            return Topic.SYMMETRY;
        }

        @Override
        public String toString() {
            return "symmetric=" + symmetric;
        }
    }

    /** Whether each channel has a scale of its own. */
    record PerChannel(boolean perChannel) implements Setting {
        @Override
        public Topic topic() {
            return Topic.GRANULARITY;
        }

        @Override
        public String toString() {
            return "per-channel=" + perChannel;
        }
    }

    /** What a code means, by the number system's id. */
    record InSystem(String id) implements Setting {
        @Override
        public Topic topic() {
            return Topic.SYSTEM;
        }

        @Override
        public String toString() {
            return "system=" + id;
        }
    }

    /** Which observer calibrates, with options that differ from its defaults. */
    record Observe(String observer, Map<String, Object> options) implements Setting {
        /** Copies the map. */
        public Observe {
            options = Map.copyOf(options);
        }

        @Override
        public Topic topic() {
            return Topic.PARAMETERS;
        }

        @Override
        public String toString() {
            return "observer=" + text();
        }

        /** The observer with its options, as a person would type it. */
        String text() {
            return observer
                    + (options.isEmpty()
                            ? ""
                            : new TreeMap<>(options)
                                    .entrySet().stream()
                                            .map(e -> e.getKey() + "=" + e.getValue())
                                            .collect(Collectors.joining(",", "(", ")")));
        }
    }

    /** The values the codes cover, whatever the data hold. */
    record FixedRange(Range range) implements Setting {
        @Override
        public Topic topic() {
            return Topic.PARAMETERS;
        }

        @Override
        public String toString() {
            return "range=" + range.low() + ".." + range.high();
        }
    }

    /** Scale and zero point themselves: one pair, or one per channel. */
    record FixedEncoding(QuantizationParameters parameters) implements Setting {
        @Override
        public Topic topic() {
            return Topic.PARAMETERS;
        }

        @Override
        public String toString() {
            return parameters.channels() == 1
                    ? "scale=" + parameters.scale(0) + " zero-point=" + (long) parameters.zeroPoint(0)
                    : "scale of " + parameters.channels() + " channels";
        }
    }

    /** What was found before for the tensors of a table; slots of other tensors stay as they are. */
    record Known(KnownRanges ranges) implements Setting {
        @Override
        public Topic topic() {
            return Topic.PARAMETERS;
        }

        @Override
        public String toString() {
            return "ranges=" + ranges.from();
        }
    }

    /** The settings of a rule in words. */
    static String words(List<Setting> settings) {
        return settings.stream().map(Setting::toString).distinct().collect(Collectors.joining(" "));
    }
}
