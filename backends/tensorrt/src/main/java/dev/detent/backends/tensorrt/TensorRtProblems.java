package dev.detent.backends.tensorrt;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;
import org.pf4j.Extension;

/** What the lint for TensorRT finds. */
@Extension
public final class TensorRtProblems implements ProblemCatalog {

    static final ProblemType ADD_NOT_FUSED = new ProblemType(
            "DT-TRT-001",
            "An Add that will not fuse with its convolution",
            "TensorRT fuses a residual Add into a convolution whose output nobody else reads.",
            "Nothing needs to be mended; the Add runs in float.");

    static final ProblemType ADD_WITHOUT_CONVOLUTION = new ProblemType(
            "DT-TRT-002",
            "An Add without a convolution in front",
            "Neither operand comes straight from a convolution, so there is nothing to fuse with.",
            "Nothing needs to be mended; the Add runs in float.");

    static final ProblemType THIN_GROUPS = new ProblemType(
            "DT-TRT-003",
            "A grouped transposed convolution that older TensorRT refuses",
            "TensorRT before 10.9 has INT8 kernels for transposed convolutions with at least 4 channels in each group.",
            "Use TensorRT 10.9 or newer, or keep the node in float.");
}
