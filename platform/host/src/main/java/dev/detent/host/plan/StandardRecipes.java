package dev.detent.host.plan;

import dev.detent.spi.backend.DefaultRecipes;
import dev.detent.spi.backend.QuantizationRecipe;
import java.util.Map;

/** The recipes of the passes that come with Detent. */
public final class StandardRecipes implements DefaultRecipes {

    /** They hold nothing that differs between runs. */
    public static final DefaultRecipes INSTANCE = new StandardRecipes();

    private StandardRecipes() {}

    /**
     * Biases folded, activations fused, calibration with a percentile observer as the rival of the one the rules name,
     * bias correction.
     */
    @Override
    public QuantizationRecipe integer() {
        return QuantizationRecipe.dispatchedBy("activations")
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

    @Override
    public QuantizationRecipe inputsOnly() {
        return integer().without("fusion").without("simplify");
    }
}
