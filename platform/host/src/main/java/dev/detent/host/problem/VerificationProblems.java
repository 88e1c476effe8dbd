package dev.detent.host.problem;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;

/** What 'detent verify' can find in an artifact. */
public final class VerificationProblems implements ProblemCatalog {

    public static final ProblemType FOLDER_UNREADABLE = new ProblemType(
            "DT-VER-002",
            "The artifact's folder cannot be listed",
            "The operating system refuses to list it.",
            "Check its permissions.");

    public static final ProblemType FILE_UNREADABLE = new ProblemType(
            "DT-VER-003",
            "A file of the artifact cannot be read",
            "The file is missing, no regular file or not readable.",
            "Restore it, or quantize again.");

    public static final ProblemType NO_JSON = new ProblemType(
            "DT-VER-004",
            "A file of the artifact is no JSON",
            "The file was changed or damaged.",
            "Restore it, or quantize again.");

    public static final ProblemType SHAPE_UNKNOWN = new ProblemType(
            "DT-VER-005",
            "An input's shape is known only at run time",
            "Noise in place of data needs a shape.",
            "Give samples with --data.");

    public static final ProblemType TENSOR_MISSING = new ProblemType(
            "DT-VER-011",
            "The artifact lacks a tensor's parameters",
            "The run quantized the tensor and the artifact does not hold its scale.",
            "Quantize again; if it stays, report it to the plugin's author.");

    public static final ProblemType PARAMETERS_DIFFER = new ProblemType(
            "DT-VER-012",
            "The artifact holds other parameters than the run",
            "A scale or zero point was changed, or the exporter wrote something else.",
            "Quantize again; if it stays, report it to the plugin's author.");

    public static final ProblemType UNKNOWN_TENSOR = new ProblemType(
            "DT-VER-013",
            "The artifact names a tensor that the run does not have",
            "The artifact belongs to another run or was changed.",
            "Quantize again; if it stays, report it to the plugin's author.");

    public static final ProblemType OFF_GRID = new ProblemType(
            "DT-VER-014",
            "A weight of the artifact is not on its grid",
            "The weight's values are no multiples of its scale, so it was changed or not quantized.",
            "Quantize again; if it stays, report it to the plugin's author.");

    public static final ProblemType NODE_MISSING = new ProblemType(
            "DT-VER-015",
            "The artifact's model lacks a quantized node",
            "The model file belongs to another run or was changed.",
            "Quantize again; if it stays, report it to the plugin's author.");

    public static final ProblemType SIMULATION_DIFFERS = new ProblemType(
            "DT-VER-020",
            "Simulated from the files, a layer comes out otherwise",
            "The files compute something else than the run did.",
            "Quantize again; if it stays, report it to the plugin's author.");

    public static final ProblemType RUNTIME_DIFFERS = new ProblemType(
            "DT-VER-021",
            "ONNX Runtime computes the file otherwise than the simulation",
            "The file's Q/DQ nodes do not say what the run simulated.",
            "Quantize again; if it stays, report it to the plugin's author.");

    public static final ProblemType NOT_READABLE = new ProblemType(
            "DT-VER-022",
            "The format cannot be verified",
            "The exporter writes the format and does not read it back.",
            "Score it with 'detent evaluate' instead, or quantize with another format.");

    public static final ProblemType VALUE_NOT_MADE = new ProblemType(
            "DT-VER-023",
            "The artifact's model reads what nothing makes",
            "A node or output was cut off from what feeds it.",
            "Quantize again; if it stays, report it to the plugin's author.");

    public static final ProblemType FILE_CHANGED = new ProblemType(
            "DT-VER-024",
            "A file of the artifact was changed",
            "It was damaged, edited or written over since the run wrote it; its SHA-256 tells.",
            "Quantize again, or restore the file; what was edited on purpose is yours to answer for.");

    public static final ProblemType RECORD_CHANGED = new ProblemType(
            "DT-VER-025",
            "The run's record was changed",
            "detent.json was damaged or edited since the run wrote it; the digest in its last line tells.",
            "Quantize again, or restore the file.");

    public static final ProblemType NO_NOISE = new ProblemType(
            "DT-VER-026",
            "The network cannot be run on noise",
            "Without data the file is compared with the simulation on noise, which this network refuses.",
            "Give samples with --data.");
}
