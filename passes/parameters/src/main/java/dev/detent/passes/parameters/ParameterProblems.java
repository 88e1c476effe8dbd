package dev.detent.passes.parameters;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;
import org.pf4j.Extension;

/** What can be wrong where a bias takes its scale from others. */
@Extension
public final class ParameterProblems implements ProblemCatalog {

    static final ProblemType LENDER_NOT_QUANTIZED = new ProblemType(
            "DT-PAS-001",
            "A bias takes its scale from an input that has none",
            "The bias's scale is the product of those of input and weight, and one of them is not quantized.",
            "Quantize that input too, or leave the node in float.");
}
