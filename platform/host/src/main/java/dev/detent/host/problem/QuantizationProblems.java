package dev.detent.host.problem;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;

/** What a person should know of a quantized model. */
public final class QuantizationProblems implements ProblemCatalog {

    public static final ProblemType COLLAPSE = new ProblemType(
            "DT-QNT-001",
            "The quantized network collapses",
            "Between two layers the signal falls below the noise of quantization; the message names the layer.",
            "Look at that layer in report.html: keep it in float, or try another observer or equalization.");

    public static final ProblemType NOTHING_QUANTIZED = new ProblemType(
            "DT-QNT-002",
            "Nothing was quantized",
            "The model has none of the operators that the target quantizes.",
            "Choose another target; 'detent backends' says what each quantizes.");

    public static final ProblemType QUANTIZED_ALREADY = new ProblemType(
            "DT-QNT-003",
            "The model is quantized already",
            "It holds QuantizeLinear or quantized operators.",
            "Give the float model it was made from.");

    public static final ProblemType HALF_PRECISION = new ProblemType(
            "DT-QNT-004",
            "The model holds 16-bit floats",
            "Detent computes in 32 bits and writes what stays float in 32 bits.",
            "Feed and read 32-bit floats where the message says so.");

    public static final ProblemType NOT_ANALYZED = new ProblemType(
            "DT-QNT-006",
            "The network could not be analyzed layer by layer",
            "A value between two segments is not a tensor, or its shape depends on the data.",
            "The quantized model is not affected; its report has no figures for single layers.");

    public static final ProblemType WEIGHT_LARGER_THAN_HEAP = new ProblemType(
            "DT-QNT-020",
            "A weight is too large for Java's memory",
            "Weights are worked on one at a time, and two copies of the largest do not fit what Java may take.",
            "Allow more with DETENT_JAVA_OPTS, for example -Xmx4g.");

    public static final ProblemType LAYER_LARGER_THAN_MEMORY = new ProblemType(
            "DT-QNT-021",
            "A node is too large for this machine",
            "What one node reads and makes for one sample is more than the machine's memory.",
            "Use smaller samples, or a machine with more memory.");

    public static final ProblemType BRANCH_IN_FLOAT = new ProblemType(
            "DT-QNT-023",
            "A branch stays in float",
            "The branch of an If, Loop or Scan could not be worked on as a model of its own; the message says why.",
            "Give what the message misses, such as the types of a branch's inputs; or leave the branch in float.");

    public static final ProblemType SILENT = new ProblemType(
            "DT-QNT-022",
            "A tensor that is 0 in all calibration data",
            "It is 0 in every sample, so nothing is known of its range; whatever it holds in use is clipped.",
            "Calibrate with data in which it is not 0, or keep what reads it in float.");
}
