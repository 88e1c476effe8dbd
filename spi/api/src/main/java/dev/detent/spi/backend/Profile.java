package dev.detent.spi.backend;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Which passes a target wants and with which options. It is a choice, not an order: the planner orders by facts.
 *
 * @param dispatcher id of the dispatching strategy
 * @param passes pass id to the options that differ from the pass's defaults
 */
public record Profile(String dispatcher, Map<String, Map<String, Object>> passes) {

    public Profile {
        Map<String, Map<String, Object>> copy = new LinkedHashMap<>();
        passes.forEach((id, options) -> copy.put(id, Map.copyOf(options)));
        passes = java.util.Collections.unmodifiableMap(copy);
    }

    /**
     * What serves most integer targets: batch norms and biases folded, activations fused, calibration with a percentile
     * observer as the rules' rival, bias correction.
     */
    public static Profile usual() {
        return dispatchedBy("activations")
                .with("bias-folding")
                .with("refine")
                .with("fusion")
                .with("simplify")
                .with("parameter-quantization")
                .with("calibration", Map.of("rival", "percentile", "useful-range", true))
                .with("bias-room")
                .with("passive-parameters")
                .with("bias-correction")
                .with("baking");
    }

    /** For targets that quantize inputs only: nothing to fuse, nothing to align. */
    public static Profile inputsOnly() {
        return usual().without("fusion").without("simplify");
    }

    public static Profile dispatchedBy(String dispatcher) {
        return new Profile(dispatcher, Map.of());
    }

    public Profile with(String pass) {
        return with(pass, Map.of());
    }

    public Profile with(String pass, Map<String, Object> options) {
        Map<String, Map<String, Object>> changed = new LinkedHashMap<>(passes);
        changed.put(pass, options);
        return new Profile(dispatcher, changed);
    }

    public Profile without(String pass) {
        Map<String, Map<String, Object>> changed = new LinkedHashMap<>(passes);
        changed.remove(pass);
        return new Profile(dispatcher, changed);
    }
}
