package dev.detent.runtime;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;

/** What can go wrong while ONNX Runtime runs a model. */
public final class RuntimeProblems implements ProblemCatalog {

    public static final ProblemType MODEL_REFUSED = new ProblemType(
            "DT-RUN-001",
            "ONNX Runtime refuses the model",
            "ONNX Runtime cannot load or run the model; its reason stands in the message.",
            "Mend what it names; a model that ONNX Runtime does not run cannot be calibrated.");

    public static final ProblemType NOT_OBSERVABLE = new ProblemType(
            "DT-RUN-002",
            "A tensor that cannot be observed",
            "Only float32 tensors are quantized and observed.",
            "Name another tensor.");

    public static final ProblemType SAMPLE_REFUSED = new ProblemType(
            "DT-RUN-003",
            "The model cannot be run on a sample",
            "ONNX Runtime failed on this sample; often its shape does not fit the model.",
            "Look at the sample and at the preprocessing; 'detent inspect' shows what the model takes.");

    public static final ProblemType NOT_COMPARABLE = new ProblemType(
            "DT-RUN-004",
            "An output that cannot be compared",
            "The output is no tensor of numbers.",
            "Compare other outputs.");

    public static final ProblemType NO_OUTPUT = new ProblemType(
            "DT-RUN-005",
            "A tensor that is no output of the model",
            "A result was asked for that the model does not give.",
            "Name an output of the model.");

    public static final ProblemType CONSTANTS_FAIL = new ProblemType(
            "DT-RUN-006",
            "Constants that cannot be computed",
            "A part of the graph that reads constants only fails in ONNX Runtime.",
            "Export the model again.");

    public static final ProblemType TENSOR_TOO_LARGE = new ProblemType(
            "DT-RUN-007",
            "A tensor is too large for a buffer",
            "A buffer holds at most 2 GB.",
            "Give smaller batches or smaller pictures.");

    public static final ProblemType NO_NATIVE_LIBRARY = new ProblemType(
            "DT-RUN-010",
            "ONNX Runtime's native library does not load",
            "The library is unpacked to Java's temporary folder, which is full or forbids programs, or this machine's system is not one that it is made for.",
            "Make room (100 MB) or name another folder with DETENT_JAVA_OPTS=-Djava.io.tmpdir=DIR.");

    public static final ProblemType NO_SCRATCH_ROOM = new ProblemType(
            "DT-RUN-011",
            "No room for temporary files",
            "Models are handed to ONNX Runtime in files in Java's temporary folder, which is full or cannot be written.",
            "Make room there or name another folder with DETENT_JAVA_OPTS=-Djava.io.tmpdir=DIR.");

    public static final ProblemType INPUT_MISSING = new ProblemType(
            "DT-RUN-012",
            "A sample lacks an input of the model",
            "The sample gives no tensor for one of the model's inputs.",
            "Give a tensor for every input.");

    public static final ProblemType NO_TENSOR_BETWEEN_PARTS = new ProblemType(
            "DT-RUN-013",
            "A value between quantized parts is no tensor",
            "The network is run in parts, cut where it is quantized, and a sequence, map or optional would have to cross a cut.",
            "Export the model without it, or keep the operators around it in float.");

    public static final ProblemType SESSION_NOT_CLOSED = new ProblemType(
            "DT-RUN-090",
            "A session of ONNX Runtime could not be closed",
            "ONNX Runtime failed while it gave memory back.",
            "Report it with the message.");

    public static final ProblemType PARAMETERS_NOT_PASSED = new ProblemType(
            "DT-RUN-093",
            "Parameters could not be handed to ONNX Runtime",
            "ONNX Runtime refused scales and zero points of a simulation.",
            "Report it with the message and the model.");

    public static final ProblemType CONSTANT_TOO_LARGE = new ProblemType(
            "DT-RUN-014",
            "A value made from constants is too large",
            "A few nodes on constants ask for more memory than any shape or weight takes.",
            "Export the model again; a weight of this size belongs into the file.");

    public static final ProblemType NO_OPERATOR_LIBRARY = new ProblemType(
            "DT-RUN-015",
            "A library of operators that cannot be loaded",
            "ONNX Runtime takes kernels of further operators from native libraries of this machine's kind that export RegisterCustomOps.",
            "Give --ort-extension a library that was built for this system and for ONNX Runtime 1.28 or older.");
}
