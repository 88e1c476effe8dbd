package dev.detent.passes.calibration;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;
import org.pf4j.Extension;

/** What the calibration passes tell. */
@Extension
public final class CalibrationProblems implements ProblemCatalog {

    static final ProblemType OBSERVER_CHOSEN = new ProblemType(
            "DT-CAL-001",
            "Observers were compared",
            "The recipe lets calibration choose the observer that leaves less error at the outputs.",
            "Nothing needs to be mended.");
}
