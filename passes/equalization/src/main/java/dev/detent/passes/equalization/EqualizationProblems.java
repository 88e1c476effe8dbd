package dev.detent.passes.equalization;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;
import org.pf4j.Extension;

/** What the equalization passes tell. */
@Extension
public final class EqualizationProblems implements ProblemCatalog {

    static final ProblemType SMOOTHED = new ProblemType(
            "DT-EQU-001",
            "Input channels were balanced",
            "Smoothing moved spread from activations into weights.",
            "Nothing needs to be mended.");
}
