package dev.detent.host.settings;

import dev.detent.spi.backend.QuantizationRecipe;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** How much time a person gives: what is added to a target's recipe, or left out of it, before single settings. */
public enum Effort {
    /** One look at the data, one observer. */
    FAST("one observer for every tensor, no correction of biases; fewer looks at the data, a few dB less"),
    /** The target's recipe as it is. */
    BALANCED("the target's own recipe"),
    /** Closed forms, then learning by gradients. */
    THOROUGH(
            "balances layers, rounds weights by the data and learns weights, scales and biases block by block; a part of the calibration data "
                    + "is held out to judge by. Takes ten to thirty times as long; gains most with fewer than 8 bits, scales that are powers of "
                    + "two or one scale per tensor, 1 to 4 dB otherwise");

    private final String words;

    Effort(String words) {
        this.words = words;
    }

    /** What it does, in a line. */
    public String words() {
        return words;
    }

    /** By its name in lower case; empty for another word. */
    public static Optional<Effort> of(String word) {
        return List.of(values()).stream().filter(e -> e.toString().equals(word)).findFirst();
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** A recipe that calibrates nothing, as for weights alone, has nothing to learn from and stays as it is. */
    QuantizationRecipe apply(QuantizationRecipe recipe) {
        Map<String, Object> calibration = recipe.passes().get("calibration");
        if (calibration == null || this == BALANCED) {
            return recipe;
        }
        if (this == FAST) {
            Map<String, Object> one = new LinkedHashMap<>(calibration);
            one.remove("rival");
            return recipe.with("calibration", one).without("bias-correction").without("adaptive-rounding");
        }
        QuantizationRecipe more =
                recipe.passes().containsKey("adaptive-rounding") ? recipe : recipe.with("adaptive-rounding");
        more = more.passes().containsKey("clip-equalization") ? more : more.with("clip-equalization");
        return more.passes().containsKey("lsq") ? more : more.with("lsq");
    }
}
