package dev.detent.host.problem;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;

/** What only an error of Detent's own, or a broken Java, can bring about. */
public final class InternalProblems implements ProblemCatalog {

    public static final ProblemType UNEXPECTED = new ProblemType(
            "DT-INT-001",
            "Detent failed where it should not have",
            "An error of Detent's own.",
            "Report it with the message and, if you may, the model.");

    public static final ProblemType INTERRUPTED = new ProblemType(
            "DT-INT-006",
            "An isolated run was interrupted",
            "The thread that waited for the run's process was told to stop; the run was ended.",
            "Run it again.");

    public static final ProblemType NO_SHA256 = new ProblemType(
            "DT-RUN-092",
            "This Java has no SHA-256",
            "Every Java has it; the installation is broken.",
            "Install Java again.");
}
