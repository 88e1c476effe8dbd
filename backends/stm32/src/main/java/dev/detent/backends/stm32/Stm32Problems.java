package dev.detent.backends.stm32;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;
import org.pf4j.Extension;

/** What the lint for the STM32N6 finds. */
@Extension
public final class Stm32Problems implements ProblemCatalog {

    static final ProblemType FLOAT_ISLAND = new ProblemType(
            "DT-STM-001",
            "A float node between quantized ones",
            "The NPU computes in integers; a float node in between runs on the processor, and data go there and back.",
            "Replace the operator, or let what follows be float too.");
}
