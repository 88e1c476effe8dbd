package dev.detent.backends.dsp;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;
import org.pf4j.Extension;

/** What can be wrong with encodings for DSPs. */
@Extension
public final class DspProblems implements ProblemCatalog {

    static final ProblemType ENCODINGS_DISAGREE = new ProblemType(
            "DT-VER-010",
            "Two files of encodings disagree",
            "The artifact's encodings in the older and the newer form differ for a tensor, so one file was edited after the export.",
            "Quantize again.");
}
