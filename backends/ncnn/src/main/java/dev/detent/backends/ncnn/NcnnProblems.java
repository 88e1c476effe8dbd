package dev.detent.backends.ncnn;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;
import org.pf4j.Extension;

/** What the lint for ncnn finds. */
@Extension
public final class NcnnProblems implements ProblemCatalog {

    static final ProblemType NO_INT8_LAYER = new ProblemType(
            "DT-NCN-001",
            "ncnn has no int8 layer for a node",
            "Grouped convolutions that are not depthwise, and a Gemm that is not a plain fully connected layer, run in float.",
            "Nothing to do: the node stays float.");
}
