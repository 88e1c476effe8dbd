package dev.detent.backends.rknn;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;
import org.pf4j.Extension;

/** What the files for rknn-toolkit2 lack. */
@Extension
public final class RknnProblems implements ProblemCatalog {

    static final ProblemType NO_PICTURES = new ProblemType(
            "DT-RKN-001",
            "No pictures for rknn-toolkit2",
            "The toolkit finds ranges from pictures again; the calibration had arrays, so the list of them lacks this input.",
            "Calibrate from a folder of pictures, or write the list yourself.");
}
