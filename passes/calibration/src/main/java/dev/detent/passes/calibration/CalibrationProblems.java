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

    static final ProblemType RIVALS_UNTRIED = new ProblemType(
            "DT-CAL-002",
            "Observers were not compared",
            "Which observer leaves less error at the outputs shows on samples; the run had statistics alone.",
            "Quantize with --calibration to have them compared, or choose one with --set calibration.method=ID.");
}
