package dev.detent.backends.litert;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;
import org.pf4j.Extension;

/** What a {@code .tflite} file cannot hold, and what is wrong with one. */
@Extension
public final class LitertProblems implements ProblemCatalog {

    static final ProblemType NO_OPERATOR = new ProblemType(
            "DT-LRT-001",
            "A node that LiteRT has no operator for",
            "The .tflite file can only hold LiteRT's builtin operators, and the node is none of them.",
            "Change the node as the message says, or take another target.");

    static final ProblemType NO_SHAPE = new ProblemType(
            "DT-LRT-002",
            "A value without a fixed shape",
            "Every tensor of a .tflite file has a shape.",
            "Say the sizes with --set tflite.sizes=1x3x48x192; the batch may be free, and becomes 1.");

    static final ProblemType TOO_LARGE = new ProblemType(
            "DT-LRT-003",
            "Too large for a .tflite file",
            "FlatBuffers count bytes with 31 bits.",
            "Take a smaller model.");

    static final ProblemType DAMAGED = new ProblemType(
            "DT-LRT-004",
            "A file that is no .tflite model",
            "The file is damaged, or something else.",
            "Quantize again.");

    static final ProblemType FLOAT_ISLAND = new ProblemType(
            "DT-LRT-005",
            "A float operator between integer ones",
            "LiteRT has no integer kernel for the operator; an NPU or microcontroller without floats cannot run it.",
            "Replace the operator, or let it run on the processor.");
}
