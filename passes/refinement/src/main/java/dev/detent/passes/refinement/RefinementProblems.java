package dev.detent.passes.refinement;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;
import org.pf4j.Extension;

/** What the refinement passes tell. */
@Extension
public final class RefinementProblems implements ProblemCatalog {

    static final ProblemType NO_KERNEL_TABLE = new ProblemType(
            "DT-ISL-001",
            "A table of integer kernels cannot be read",
            "The option 'kernels' holds rows of a kind and the operators that are of it, as all=Conv,Add;inputs=Gemm.",
            "Write it in that form, or leave it to the target.");

    static final ProblemType TAKEN_BACK = new ProblemType(
            "DT-FLT-001",
            "Tensors stay float, because the outputs do not bear them in 8 bits",
            "With everything in 8 bits the outputs kept too little of the float network's on a few samples; these "
                    + "tensors were to blame, as those of spectra, squares and logarithms often are.",
            "Nothing needs to be mended; --set float-fallback=off keeps them in 8 bits.");

    static final ProblemType NO_CURE = new ProblemType(
            "DT-FLT-002",
            "The outputs keep little, and no few tensors are to blame",
            "With everything in 8 bits the outputs keep too little of the float network's, and leaving the worst tensors "
                    + "float does not halve the error.",
            "Take dynamic or weight-only quantization, or 16-bit activations, where the target has them.");
}
