package dev.detent.onnx;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;

/** What can be wrong with an ONNX model. */
public final class OnnxProblems implements ProblemCatalog {

    public static final ProblemType NO_FILE = new ProblemType(
            "DT-ONX-001",
            "The model is no file",
            "Nothing lies under the model's path, or a folder or device does.",
            "Give the path of an .onnx file.");

    public static final ProblemType UNREADABLE = new ProblemType(
            "DT-ONX-002",
            "The model cannot be read",
            "The operating system refuses to read the file.",
            "Check the file's permissions and its disk.");

    public static final ProblemType TOO_LARGE = new ProblemType(
            "DT-ONX-003",
            "The model is larger than 2 GB",
            "Protobuf, which ONNX files are written in, allows no file of more than 2 GB.",
            "Save the model with external data: the weights then lie in files of their own.");

    public static final ProblemType NO_MODEL = new ProblemType(
            "DT-ONX-004",
            "The file is no ONNX model",
            "The file holds no ONNX graph or ends before it does: another format, a download that broke off, or a Git LFS pointer.",
            "Export or download the model again.");

    public static final ProblemType UNKNOWN_TYPE = new ProblemType(
            "DT-ONX-005",
            "A tensor of an unknown element type",
            "The model uses a data type that this version of Detent does not know.",
            "Export the model with another type.");

    public static final ProblemType VALUES_DO_NOT_FIT_SHAPE = new ProblemType(
            "DT-ONX-006",
            "A tensor's values do not fit its shape",
            "The model says one shape and holds another number of values, so it is damaged or was written wrongly.",
            "Export or download the model again.");

    public static final ProblemType EXTERNAL_DATA_OUTSIDE = new ProblemType(
            "DT-ONX-007",
            "External data outside the model's folder",
            "The model names a file for its weights that does not lie in its own folder or below; such files are not opened.",
            "Put the weights beside the model and save it with relative locations.");

    public static final ProblemType EXTERNAL_DATA_DIFFERS = new ProblemType(
            "DT-ONX-008",
            "External data that do not fit the model",
            "The model's entry for the external file is malformed, or the file has not the bytes the model expects there.",
            "Take the model and its data files from the same export.");

    public static final ProblemType TENSOR_TOO_LARGE = new ProblemType(
            "DT-ONX-009",
            "A single tensor is larger than 2 GB",
            "Java maps at most 2 GB at once.",
            "Split the weight in the model.");

    public static final ProblemType EXTERNAL_DATA_UNREADABLE = new ProblemType(
            "DT-ONX-010",
            "External data cannot be read",
            "The file with the weights is missing or the operating system refuses to read it.",
            "Put it beside the model and check its permissions.");

    public static final ProblemType OPSET_TOO_OLD = new ProblemType(
            "DT-ONX-011",
            "The model's opset is too old",
            "Detent raises opsets from 7 on; older operators mean something else.",
            "Export the model again with a newer opset.");

    public static final ProblemType SCAN_TOO_OLD = new ProblemType(
            "DT-ONX-012",
            "A Scan with a batch axis",
            "Scan of opset 8 has a batch axis, which later opsets do not have.",
            "Export the model again with the opset that the message names.");

    public static final ProblemType CYCLE = new ProblemType(
            "DT-ONX-014",
            "The graph has a cycle",
            "A node reads, through others, what is made from its own output; such a graph cannot be computed.",
            "Export the model again.");

    public static final ProblemType WEIGHT_NOT_FINITE = new ProblemType(
            "DT-ONX-020",
            "A weight holds NaN or infinity",
            "No scale can be found for such a weight; training diverged or a conversion went wrong.",
            "Repair the weight or export the model again.");

    public static final ProblemType NOT_ITS_OPERATOR = new ProblemType(
            "DT-ONX-021",
            "A node that is no call of its operator",
            "The node has more or fewer inputs, outputs or dimensions than its operator takes in this opset.",
            "Export or download the model again.");

    public static final ProblemType NO_SUCH_OPSET = new ProblemType(
            "DT-ONX-022",
            "An opset that does not exist",
            "The model imports operators of a version that nobody has published.",
            "Export or download the model again.");

    public static final ProblemType MADE_TWICE = new ProblemType(
            "DT-ONX-023",
            "One value is made twice",
            "Every value of an ONNX graph has one origin.",
            "Export or download the model again.");

    public static final ProblemType ATTRIBUTE_TYPE = new ProblemType(
            "DT-ONX-024",
            "An attribute of another type",
            "The operator's attribute of this name has a fixed type, and the model holds another.",
            "Export or download the model again.");

    public static final ProblemType INPUT_TOO_LARGE = new ProblemType(
            "DT-ONX-025",
            "An input of more than 2 GB",
            "No buffer of Java holds such an input.",
            "Check the input's shape; export the model again.");

    public static final ProblemType NAME = new ProblemType(
            "DT-ONX-026",
            "A name that ONNX Runtime cannot be given",
            "Names with a NUL, and names of inputs and outputs with characters beyond U+FFFF, do not pass from Java to ONNX Runtime.",
            "Rename the value in the model.");

    public static final ProblemType TOO_DEEP = new ProblemType(
            "DT-ONX-028",
            "Branches within branches, or functions within functions, too many of them",
            "ONNX Runtime takes twice the time for every level of If, Loop and Scan within one another, and functions that call "
                    + "others twice each are thousands of nodes after ten levels.",
            "Export the model in another way; no network needs as many.");

    public static final ProblemType NOT_UNDERSTOOD = new ProblemType(
            "DT-ONX-027",
            "The model cannot be understood",
            "Something in the model contradicts itself in a way that no check has a sentence for.",
            "Export or download the model again; if it runs in ONNX Runtime, report it.");
}
