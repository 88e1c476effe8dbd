package dev.detent.host.problem;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;

/** What can be wrong with a corpus of traces and with PPQ's settings in it. */
public final class TraceProblems implements ProblemCatalog {

    public static final ProblemType NO_CALIBRATION = new ProblemType(
            "DT-TRC-001",
            "The corpus lacks calibration data",
            "The corpus has no data for one of its models.",
            "Restore the corpus's folder calib.");

    public static final ProblemType PPQ_SETTING = new ProblemType(
            "DT-TRC-002",
            "An unknown PPQ setting",
            "Detent has no pass that corresponds to it.",
            "Take a setting of docs/differences.md.");

    public static final ProblemType EMPTY = new ProblemType(
            "DT-TRC-003",
            "The corpus is empty",
            "It holds no models, or no ppq: target is installed.",
            "Give a corpus, and install the ppq plugin.");

    public static final ProblemType NO_CORPUS = new ProblemType(
            "DT-TRC-004",
            "The folder is no corpus",
            "It has no folder models, or variants with --settings.",
            "Give a corpus.");
}
