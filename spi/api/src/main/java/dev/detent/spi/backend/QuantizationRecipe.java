package dev.detent.spi.backend;

import dev.detent.spi.Stable;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Which passes a target wants and with which options. It is a choice, not an order: the planner orders by facts.
 * Immutable.
 *
 * @param dispatcher id of the dispatching strategy
 * @param passes pass id to the options that differ from the pass's defaults
 */
@Stable(since = "1.0")
public record QuantizationRecipe(String dispatcher, Map<String, Map<String, Object>> passes) {

    /** Copies the map. */
    public QuantizationRecipe {
        Map<String, Map<String, Object>> copy = new LinkedHashMap<>();
        passes.forEach((id, options) -> copy.put(id, Map.copyOf(options)));
        passes = Collections.unmodifiableMap(copy);
    }

    /** A recipe without any pass. */
    public static QuantizationRecipe dispatchedBy(String dispatcher) {
        return new QuantizationRecipe(dispatcher, Map.of());
    }

    /** The same recipe with a pass and its default options; those it had before are dropped. */
    public QuantizationRecipe with(String pass) {
        return with(pass, Map.of());
    }

    /**
     * The same recipe with a pass and options for it; those it had before are dropped.
     *
     * @param options option name, without the pass's, to its value; checked when the plan is made
     */
    public QuantizationRecipe with(String pass, Map<String, Object> options) {
        Map<String, Map<String, Object>> changed = new LinkedHashMap<>(passes);
        changed.put(pass, options);
        return new QuantizationRecipe(dispatcher, changed);
    }

    /** The same recipe without a pass; the same when it has none of the name. */
    public QuantizationRecipe without(String pass) {
        Map<String, Map<String, Object>> changed = new LinkedHashMap<>(passes);
        changed.remove(pass);
        return new QuantizationRecipe(dispatcher, changed);
    }
}
