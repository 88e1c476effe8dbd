package dev.detent.spi.backend;

import dev.detent.spi.Experimental;
import dev.detent.spi.ImplementedByHost;

/**
 * The host's own recipes, for a target to start from: it takes one as it is, or with changes. Which passes they hold is
 * the host's affair and may change with it.
 */
@Experimental(since = "1.0")
@ImplementedByHost
public interface DefaultRecipes {

    /** For chips that compute in integers from the input of a network to its output. */
    QuantizationRecipe integer();

    /** For chips that quantize the inputs of single operators only: nothing to fuse, nothing to align. */
    QuantizationRecipe inputsOnly();
}
