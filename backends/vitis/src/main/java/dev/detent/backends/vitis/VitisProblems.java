package dev.detent.backends.vitis;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;
import org.pf4j.Extension;

/** What the lint for DPUs finds. */
@Extension
public final class VitisProblems implements ProblemCatalog {

    static final ProblemType SHIFT = new ProblemType(
            "DT-VIT-001",
            "A shift that the DPU cannot do",
            "The power-of-two scales of input, weight and output make a shift outside 0 to 16 bits.",
            "Look at the ranges of that layer; equalization narrows them.");
}
