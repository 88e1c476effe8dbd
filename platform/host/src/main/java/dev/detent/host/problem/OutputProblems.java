package dev.detent.host.problem;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;

/** What can be wrong with the place where results go. */
public final class OutputProblems implements ProblemCatalog {

    public static final ProblemType NO_FOLDER = new ProblemType(
            "DT-OUT-001",
            "The output is no folder that can be used",
            "A file, a link that leads nowhere or the root of the file system lies under the path.",
            "Give a folder with --out.");

    public static final ProblemType NOT_OURS = new ProblemType(
            "DT-OUT-002",
            "The output folder holds somebody else's files",
            "Detent replaces only what it wrote itself and finds unchanged.",
            "Give a new folder with --out, or empty this one.");

    public static final ProblemType REFUSED = new ProblemType(
            "DT-OUT-003",
            "The operating system refuses the output folder",
            "The folder cannot be read, written or cleaned up: permissions, a full disk or a read-only one.",
            "Mend what the message names, or give another folder with --out.");

    public static final ProblemType WRITE_FAILED = new ProblemType(
            "DT-OUT-004",
            "A result could not be written",
            "The disk is full or fails; nothing of the run was put in place.",
            "Make room, or give another folder with --out.");

    public static final ProblemType PARTLY_PLACED = new ProblemType(
            "DT-OUT-005",
            "Results could not all be put in place",
            "The results were complete, and moving them into the output folder failed half-way.",
            "Mend what the message names; any run for this folder, or 'detent verify' of it, puts the rest in place.");

    public static final ProblemType TRACE_NOT_WRITTEN = new ProblemType(
            "DT-OUT-006",
            "The trace could not be written",
            "The operating system refuses to write the file.",
            "Give another file with --trace.");

    public static final ProblemType BUSY = new ProblemType(
            "DT-OUT-007",
            "Another run is writing to the output folder",
            "Two runs for one folder would mix their files.",
            "Wait for it, or give another folder with --out.");

    public static final ProblemType WOULD_HIT_INPUT = new ProblemType(
            "DT-OUT-008",
            "Results would lie where an input does",
            "The output is, holds or lies in something that the run reads, which is never overwritten.",
            "Give another folder with --out, or another file with --trace.");

    public static final ProblemType LOCK_IN_THE_WAY = new ProblemType(
            "DT-OUT-009",
            "A file has the name of Detent's lock",
            "Detent keeps a lock beside the output folder, and something that is not Detent's has its name.",
            "Move it away, or give another folder with --out.");

    public static final ProblemType CHANGED = new ProblemType(
            "DT-OUT-010",
            "A former result was changed by hand",
            "A file of the run that would be replaced is not as Detent wrote it, and the change would be lost.",
            "Move it away, or give another folder with --out.");

    public static final ProblemType IN_THE_WAY = new ProblemType(
            "DT-OUT-011",
            "A file is in the way of a result",
            "The output folder has a file or folder of this name that Detent did not write.",
            "Move it away, or give another folder with --out.");

    public static final ProblemType FORMER_NOT_REMOVED = new ProblemType(
            "DT-OUT-012",
            "A file of a former run could not be removed",
            "The new result is complete, but the operating system refuses to remove this file.",
            "Remove it yourself.");

    public static final ProblemType NOT_COMPLETED = new ProblemType(
            "DT-OUT-013",
            "An interrupted result cannot be completed",
            "A run was ended while it put its results in place, and the rest cannot be done now.",
            "Mend what the message names and run again.");

    public static final ProblemType TRACE_NOT_OURS = new ProblemType(
            "DT-OUT-014",
            "The trace's file is something else",
            "A folder, or a file that is no trace, has this name.",
            "Give another file with --trace.");

    public static final ProblemType SOME_TARGETS_FAILED = new ProblemType(
            "DT-OUT-015",
            "Some of several targets failed",
            "The targets that succeeded are written; why the others failed stands above.",
            "Mend what is named and run again for those targets.");
}
