package dev.detent.spi.backend;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Which passes a target wants and with which options. It is a choice, not an order: the planner orders by facts.
 *
 * @param dispatcher id of the dispatching strategy
 * @param passes pass id to the options that differ from the pass's defaults
 */
public record QuantizationRecipe(String dispatcher, Map<String, Map<String, Object>> passes) {

    public QuantizationRecipe {
        Map<String, Map<String, Object>> copy = new LinkedHashMap<>();
        passes.forEach((id, options) -> copy.put(id, Map.copyOf(options)));
        passes = java.util.Collections.unmodifiableMap(copy);
    }

    /**
     * What serves most integer targets: batch norms and biases folded, activations fused, calibration with a percentile
     * observer as the rules' rival, bias correction.
     */
    public static QuantizationRecipe usual() {
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
    public static QuantizationRecipe inputsOnly() {
        return usual().without("fusion").without("simplify");
    }

    public static QuantizationRecipe dispatchedBy(String dispatcher) {
        return new QuantizationRecipe(dispatcher, Map.of());
    }

    public QuantizationRecipe with(String pass) {
        return with(pass, Map.of());
    }

    public QuantizationRecipe with(String pass, Map<String, Object> options) {
        Map<String, Map<String, Object>> changed = new LinkedHashMap<>(passes);
        changed.put(pass, options);
        return new QuantizationRecipe(dispatcher, changed);
    }

    public QuantizationRecipe without(String pass) {
        Map<String, Map<String, Object>> changed = new LinkedHashMap<>(passes);
        changed.remove(pass);
        return new QuantizationRecipe(dispatcher, changed);
    }
}
