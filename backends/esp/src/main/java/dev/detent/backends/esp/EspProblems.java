package dev.detent.backends.esp;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;
import org.pf4j.Extension;

/** What the lint for ESP-DL finds. */
@Extension
public final class EspProblems implements ProblemCatalog {

    static final ProblemType SHIFT = new ProblemType(
            "DT-ESP-001",
            "An exponent that ESP-DL cannot represent",
            "The output's scale is finer than input scale x weight scale; ESP-DL shifts accumulators to the right only.",
            "Give the layer 16 bits or keep it float; equalization may help too.");
}
