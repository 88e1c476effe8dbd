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

    static final ProblemType SIZES = new ProblemType(
            "DT-RKN-002",
            "An input of free size",
            "A model for Rockchip's NPU has inputs of fixed sizes, and the model leaves them open (the batch is 1).",
            "Put the sizes into the line 'sizes' of the build script.");

    static final ProblemType SYMMETRIC = new ProblemType(
            "DT-RKN-003",
            "Weights that rknn-toolkit2 rounds again",
            "rknn-toolkit2 takes weights whose zero points are all 0 for symmetric ones and rounds them to steps of 128/127, so the"
                    + " chip's codes differ from the simulation's.",
            "Take the target 'rknn-channel', or leave it: accuracy hardly changes.");
}
