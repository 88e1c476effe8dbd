package dev.detent.spi.option;

import dev.detent.spi.Stable;
import java.util.Map;

/** Values of a pass's options: set ones and defaults. */
@Stable(since = "1.0")
public final class Options {

    private final Map<String, Object> values;

    /** {@code values} were parsed by their options. */
    public Options(Map<String, Object> values) {
        this.values = Map.copyOf(values);
    }

    /**
     * The value of an option, or its default.
     *
     * @throws ClassCastException when the options were made for others of the same name and another type
     */
    public <T> T get(Option<T> option) {
        Object v = values.get(option.name());
        return v == null ? option.defaultValue() : option.type().cast(v);
    }

    /** What was set, by option name; defaults are not among them. Immutable. */
    public Map<String, Object> values() {
        return values;
    }
}
