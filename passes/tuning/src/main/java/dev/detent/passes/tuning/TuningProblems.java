package dev.detent.passes.tuning;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;
import org.pf4j.Extension;

/** What the tuning passes tell. */
@Extension
public final class TuningProblems implements ProblemCatalog {

    static final ProblemType NO_GRADIENT = new ProblemType(
            "DT-TUN-001",
            "Operators without a gradient",
            "Learning goes by gradients, and Detent knows none of these operators: a block ends in front of each, so that what "
                    + "is before it is not learned for what comes behind it.",
            "Nothing needs to be mended.");

    static final ProblemType NO_SUCH_LAYER = new ProblemType(
            "DT-TUN-003",
            "No such layer to learn",
            "interested-layers names a node that the network does not have.",
            "'detent inspect' lists the names of the nodes.");

    static final ProblemType LEARNED = new ProblemType(
            "DT-TUN-002",
            "Blocks of the network were learned",
            "Each block was learned by its gradient and kept where its error on samples that were held out fell.",
            "Nothing needs to be mended.");
}
