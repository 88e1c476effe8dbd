package dev.detent.host.settings;

import dev.detent.spi.backend.QuantizationRecipe;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What a person wants most of a target whose recipe weighs speed, size and accuracy against each other. */
public enum Prefer {
    /** Quantized is what integer kernels gain by. */
    SPEED,
    /** Every weight of a quantized operator is stored in codes. */
    SIZE,
    /** Weights of what is computed in float stay float, and so does what keeps the outputs from 30 dB. */
    ACCURACY;

    /** Passes that weigh. */
    private static final List<String> PASSES = List.of("islands", "float-fallback");

    /** Decibels to keep, whatever the time. */
    private static final Map<String, Object> ACCURATE = Map.of("least", 30, "goal", 36, "most", 1, "samples", 8);

    /** By its name in lower case; empty for another word. */
    public static Optional<Prefer> of(String word) {
        return List.of(values()).stream().filter(e -> e.toString().equals(word)).findFirst();
    }

    /** Whether it makes a difference for a recipe. */
    public static boolean matters(QuantizationRecipe recipe) {
        return PASSES.stream().anyMatch(recipe.passes()::containsKey);
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    QuantizationRecipe apply(QuantizationRecipe recipe) {
        QuantizationRecipe changed = recipe;
        for (String pass : PASSES) {
            Map<String, Object> known = recipe.passes().get(pass);
            if (known != null) {
                Map<String, Object> more = new LinkedHashMap<>(known);
                more.put("prefer", toString());
                if (this == ACCURACY && pass.equals("float-fallback")) {
                    more.putAll(ACCURATE);
                }
                changed = changed.with(pass, more);
            }
        }
        return changed;
    }
}
