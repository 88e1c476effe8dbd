package dev.detent.spi.observe;

import dev.detent.spi.Stable;
import dev.detent.spi.option.Option;
import dev.detent.spi.option.Options;
import dev.detent.spi.quant.Scheme;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Predicate;

/**
 * An observer as a plugin contributes it.
 *
 * @param id lower-case word, e.g. {@code percentile}
 * @param handles schemes it can render
 */
@Stable(since = "1.0")
public record ObserverDefinition(
        String id,
        String summary,
        List<Option<?>> options,
        Predicate<Scheme> handles,
        BiFunction<Scheme, Options, Observer> factory) {}
