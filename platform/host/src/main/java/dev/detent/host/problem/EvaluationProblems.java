package dev.detent.host.problem;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;

/** Problems with reading back a finished run and with evaluating it. */
public final class EvaluationProblems implements ProblemCatalog {

    public static final ProblemType RECORD_UNREADABLE = new ProblemType(
            "DT-EVA-001",
            "A run's record cannot be read",
            "detent.json or journal.json is missing, damaged or not readable, or the folder is not an output folder of 'detent quantize'.",
            "Give the output folder of a run, or quantize again.");

    public static final ProblemType NO_ONNX_FILE = new ProblemType(
            "DT-EVA-002",
            "The folder holds no ONNX file",
            "The run's artifact has no ONNX file that could be run or read.",
            "Quantize again with a format that writes ONNX.");

    public static final ProblemType FOLDER_UNREADABLE = new ProblemType(
            "DT-EVA-003",
            "The output folder cannot be listed",
            "The operating system refuses to list the folder.",
            "Check its permissions.");

    public static final ProblemType INTEGER_SUMS_OVERFLOW = new ProblemType(
            "DT-EVA-004",
            "Integer sums overflow on this CPU",
            "x64 CPUs without VNNI add products of 8-bit codes in 16 bits, which overflow for large codes.",
            "Use the target 'onnxruntime', which keeps the sums in range, or set ONNX Runtime's session option session.x64quantprecision=1.");

    public static final ProblemType UNKNOWN_FORMAT = new ProblemType(
            "DT-EVA-005",
            "The run's format is not installed here",
            "The run was written by a target or format that no plugin here contributes.",
            "Install the plugin that wrote it.");

    public static final ProblemType KERNELS_DIFFER = new ProblemType(
            "DT-EVA-006",
            "ONNX Runtime's fused kernels compute something else",
            "The exported file scores far worse than the same file run without fusion, so a fused kernel of ONNX Runtime deviates.",
            "Set the session option session.disable_quant_qdq=1, and report the model to ONNX Runtime.");

    public static final ProblemType NOT_REWRITTEN = new ProblemType(
            "DT-EVA-007",
            "ONNX Runtime's optimizer fails on the file",
            "ONNX Runtime's own optimizer cannot fuse this file's Q/DQ nodes; the file is valid.",
            "Set the session option session.disable_quant_qdq=1, as the row 'unfused' does.");

    public static final ProblemType NOT_FINITE = new ProblemType(
            "DT-EVA-008",
            "The network gives NaN or infinity",
            "Somewhere a division, logarithm or square root receives a value that quantization rounded to zero, or the float network gives NaN itself.",
            "Keep that operator in float.");

    public static final ProblemType RECORD_INCOMPLETE = new ProblemType(
            "DT-EVA-009",
            "A run's record lacks something",
            "The file is JSON, but not what 'detent quantize' writes: another version wrote it, or it was changed.",
            "Quantize again.");

    public static final ProblemType OTHER_MODEL = new ProblemType(
            "DT-EVA-010",
            "The artifact was made from another model",
            "The float model lacks outputs that the artifact has, or its file is not the one that was quantized.",
            "Give the model that was quantized.");

    public static final ProblemType FLOAT_AT_CHANCE = new ProblemType(
            "DT-EVA-015",
            "The float model is no better than chance",
            "The labels are those of other data or count classes otherwise, or the samples are not what the model was "
                    + "trained on: another preprocessing, another order of channels.",
            "Mend the data first: give --preset, or the labels of exactly these samples; what is measured on them says "
                    + "nothing of the quantized model.");

    public static final ProblemType DOES_NOT_LOAD = new ProblemType(
            "DT-EVA-012",
            "The exported file does not load in ONNX Runtime",
            "Detent loads every ONNX artifact in ONNX Runtime once; this one was refused, and nothing of the run is kept.",
            "Keep the operator that the message names in float or choose another format, and report the model.");

    public static final ProblemType NOT_COMPARED = new ProblemType(
            "DT-EVA-016",
            "An output is not compared",
            "The output is a sequence or map, as those of ZipMap are, and scores are taken of tensors.",
            "Make the tensor that it is made from an output of the model too.");

    public static final ProblemType NOTHING_TO_COMPARE = new ProblemType(
            "DT-EVA-014",
            "No output that could be compared",
            "All outputs are sequences or maps.",
            "Export the model with a tensor as output.");

    public static final ProblemType TOO_LARGE_TO_REWRITE = new ProblemType(
            "DT-EVA-017",
            "ONNX Runtime would take long to optimize the file",
            "ONNX Runtime's optimizer takes time quadratic in the number of nodes and in the readers of one value; Detent "
                    + "loaded the file as it stands, and does not time it.",
            "Where it takes too long for you, too, load it with a lower graph optimization level.");
}
