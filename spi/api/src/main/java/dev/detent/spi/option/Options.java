package dev.detent.spi.option;

import java.util.Map;

/** Values of a pass's options: set ones and defaults. */
public final class Options {

    private final Map<String, Object> values;

    /** {@code values} were parsed by their options. */
    public Options(Map<String, Object> values) {
        this.values = Map.copyOf(values);
    }

    public <T> T get(Option<T> option) {
        Object v = values.get(option.name());
        return v == null ? option.defaultValue() : option.type().cast(v);
    }

    public Map<String, Object> values() {
        return values;
    }
}
