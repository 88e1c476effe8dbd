package dev.detent.backends.ppq;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;
import org.pf4j.Extension;

/** What can be wrong with a model for PPQ's rule sets. */
@Extension
public final class PpqProblems implements ProblemCatalog {

    static final ProblemType TRANSPOSED_GEMM = new ProblemType(
            "DT-PPQ-001",
            "A Gemm with transA = 1",
            "PPQ's rule set splits Gemm into MatMul and Add, and MatMul transposes nothing.",
            "Export the model without transA.");
}
