package dev.detent.backends.nnie;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;
import org.pf4j.Extension;

/** What the lint for NNIE finds. */
@Extension
public final class NnieProblems implements ProblemCatalog {

    static final ProblemType DYNAMIC_SHAPE = new ProblemType(
            "DT-NNI-001",
            "An input with a dynamic shape",
            "NNIE compiles for fixed shapes.",
            "Export the model with fixed shapes.");

    static final ProblemType RUNS_BADLY = new ProblemType(
            "DT-NNI-002",
            "A node that NNIE's mapper does not take",
            "NNIE has no such layer, or runs it badly.",
            "Change the node as the message says.");

    static final ProblemType NO_NETWORK = new ProblemType(
            "DT-NNI-003",
            "No Caffe network for NNIE's mapper",
            "A node has no exact counterpart in Caffe, and nnie_mapper reads Caffe alone.",
            "Do what the message says, or end the network in front of the node; docs/caffe.md lists what is written.");

    static final ProblemType NO_PICTURES = new ProblemType(
            "DT-NNI-004",
            "No pictures for NNIE's mapper",
            "nnie_mapper measures ranges from pictures again; the calibration had arrays, so no list of pictures was written.",
            "Calibrate from a folder of pictures, or write the list yourself.");
}
