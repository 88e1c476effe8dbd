package dev.detent.support.problem;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;

/** What can be wrong with an artifact that the building blocks of {@code spi/support} write or read. */
public final class SupportProblems implements ProblemCatalog {

    /** Told by the Q/DQ builder. */
    public static final ProblemType NOT_IN_QDQ = new ProblemType(
            "DT-EXP-001",
            "A quantization that QuantizeLinear cannot express",
            "The format writes QuantizeLinear and DequantizeLinear nodes, and no ONNX element type holds this scheme's codes.",
            "Choose another format of the target with --format, or a target whose widths ONNX has.");

    /** A note of the Q/DQ exporter. */
    public static final ProblemType TIES_DIFFER_IN_QDQ = new ProblemType(
            "DT-EXP-003",
            "The Q/DQ file rounds ties otherwise than the chip",
            "The target does not round halves to even as QuantizeLinear does, so ONNX Runtime's codes differ by one where a value lies exactly between two codes.",
            "Nothing needs to be mended; judge accuracy by the row 'simulated', which rounds as the chip does.");

    /** Told by codecs of text formats. */
    public static final ProblemType NAME_NOT_IN_FORMAT = new ProblemType(
            "DT-EXP-004",
            "A name that the format cannot carry",
            "The format separates names by blanks or line ends, and this name is empty or has such a character.",
            "Rename the tensor, node or model in the ONNX file.");

    /** Told by exporters that make up names. */
    public static final ProblemType NAME_TAKEN = new ProblemType(
            "DT-EXP-005",
            "Two things would have one name in the artifact",
            "The format needs a name that the model gives to something else.",
            "Rename the tensor or node in the ONNX file.");

    /** A warning of whoever lets tensors share a scale. */
    public static final ProblemType LOST_OPERAND = new ProblemType(
            "DT-QNT-005",
            "An operand is lost in a shared scale",
            "All operands of a Concat share one scale; this one's values are so small beside the others' that a few codes are left for them.",
            "Make it an output of its own in front of the Concat, or choose a target with 16-bit activations.");

    /** Told by whoever reads numbers back from an artifact. */
    public static final ProblemType IMPOSSIBLE_PARAMETERS = new ProblemType(
            "DT-VER-016",
            "The artifact holds impossible quantization parameters",
            "A scale or zero point read from the artifact is not one that its scheme allows, so the file was changed or damaged.",
            "Quantize again, or restore the file.");

    /** Told by codecs that read. */
    public static final ProblemType DAMAGED_SIDE_FILE = new ProblemType(
            "DT-VER-017",
            "A file of the artifact is not in its format",
            "The file beside the model does not hold what its format demands, so it was changed or damaged.",
            "Quantize again, or restore the file.");
}
