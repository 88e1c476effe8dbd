package dev.detent.host.rules;

import dev.detent.host.plugin.Registry;
import dev.detent.spi.observe.Observer;
import dev.detent.spi.observe.ObserverDefinition;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.option.Options;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.observe.FixedQParamsObserver;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/**
 * Observers that rules ask for and no plugin has under a name of its own: one with other options, a fixed range, fixed
 * parameters. An observer is named by its id everywhere, so each gets an id in a registry that serves one run.
 */
public final class RuleObservers {

    private RuleObservers() {}

    /** Adds them to the registry; an observer or option that does not exist is refused here. */
    public static Registry register(List<Rule> rules, Registry registry) {
        Map<String, ObserverDefinition> definitions = new LinkedHashMap<>();
        rules.stream().flatMap(r -> r.parts().stream()).map(Rule.Part::setting).forEach(s -> {
            if (s instanceof Setting.Observe o) {
                ObserverDefinition plain = registry.observer(o.observer());
                Options options =
                        Registry.parse("observer '" + plain.id() + "'", plain.id(), plain.options(), o.options());
                if (!o.options().isEmpty()) {
                    definitions.put(
                            id(s),
                            new ObserverDefinition(
                                    id(s),
                                    plain.summary(),
                                    List.of(),
                                    plain.handles(),
                                    (scheme, none) -> plain.factory().apply(scheme, options)));
                }
            } else if (s instanceof Setting.FixedRange f) {
                define(
                        definitions,
                        s,
                        scheme -> scheme.cover(f.range().low(), f.range().high()));
            } else if (s instanceof Setting.FixedEncoding f) {
                define(definitions, s, scheme -> f.parameters());
            } else if (s instanceof Setting.Known k) {
                k.ranges()
                        .byTensor()
                        .keySet()
                        .forEach(tensor -> definitions.put(
                                id(k, tensor),
                                definition(id(k, tensor), scheme -> new KnownRange(k.ranges(), tensor))));
            }
        });
        return definitions.isEmpty() ? registry : registry.withObservers(definitions.values());
    }

    private static void define(
            Map<String, ObserverDefinition> to, Setting s, Function<Scheme, QuantizationParameters> parameters) {
        to.put(id(s), definition(id(s), scheme -> new FixedQParamsObserver(parameters)));
    }

    private static ObserverDefinition definition(String id, Function<Scheme, Observer> observer) {
        return new ObserverDefinition(
                id, "what a rule prescribes", List.of(), scheme -> true, (scheme, none) -> observer.apply(scheme));
    }

    /** The id of a known tensor's observer; ids do not tell capitals apart, tensor names do. */
    static String id(Setting.Known known, String tensor) {
        return "range " + List.copyOf(known.ranges().byTensor().keySet()).indexOf(tensor) + " of "
                + known.ranges().from().toLowerCase(Locale.ROOT);
    }

    /** Looks at nothing, and prescribes nothing: passes may still move what it gives. */
    private record KnownRange(KnownRanges ranges, String tensor) implements Observer, Registry.Suggestion {
        @Override
        public boolean needsData() {
            return false;
        }

        @Override
        public void begin(long[] shape) {
            // Nothing to learn.
        }

        @Override
        public void accept(float[] values, int from, int to) {
            // Nothing to learn.
        }

        @Override
        public void merge(Sketch other) {
            // Nothing to learn.
        }

        @Override
        public QuantizationParameters render(Scheme scheme) {
            return ranges.parameters(tensor, scheme);
        }
    }

    /** Under which id a setting's observer is registered. */
    static String id(Setting s) {
        if (s instanceof Setting.Observe o) {
            return o.text().toLowerCase(Locale.ROOT);
        }
        if (s instanceof Setting.FixedEncoding f && f.parameters().channels() > 1) {
            return "scales "
                    + java.util.Arrays.toString(f.parameters().scales()).toLowerCase(Locale.ROOT)
                    + java.util.Arrays.toString(f.parameters().zeroPoints()).toLowerCase(Locale.ROOT);
        }
        return s.toString().toLowerCase(Locale.ROOT);
    }
}
