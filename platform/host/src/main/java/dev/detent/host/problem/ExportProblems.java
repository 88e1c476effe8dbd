package dev.detent.host.problem;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;

/** What can be wrong with what a target writes. */
public final class ExportProblems implements ProblemCatalog {

    public static final ProblemType NO_EXPORTER = new ProblemType(
            "DT-EXP-010",
            "The target writes nothing",
            "The target has no exporter; it serves 'detent trace' and comparison.",
            "Choose another target.");

    public static final ProblemType UNKNOWN_FORMAT = new ProblemType(
            "DT-EXP-011",
            "The target does not write this format",
            "The format is none of the target's.",
            "Take one of the formats in the message.");

    public static final ProblemType FILE_NAME = new ProblemType(
            "DT-EXP-020",
            "An exporter writes a file under a forbidden name",
            "Names of files may not leave the output folder, nor hide others on some file system.",
            "Report it to the plugin's author.");

    public static final ProblemType WRITES_TOO_LATE = new ProblemType(
            "DT-EXP-021",
            "An exporter writes after its export is over",
            "The exporter kept the export's context and used it later.",
            "Report it to the plugin's author.");
}
