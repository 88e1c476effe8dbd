package dev.detent.host.problem;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;

/** What can be wrong with kept statistics. */
public final class ObservationProblems implements ProblemCatalog {

    public static final ProblemType DAMAGED = new ProblemType(
            "DT-STA-001",
            "A file of statistics is damaged, or none",
            "The file's own digest does not fit its content, or it was written by something else.",
            "Copy it again, or make it again with 'detent observe'.");

    public static final ProblemType NEWER = new ProblemType(
            "DT-STA-002",
            "A file of statistics in a form that this Detent does not know",
            "A newer Detent wrote it.",
            "Use that one, or make the file again.");

    public static final ProblemType OTHER_MODEL = new ProblemType(
            "DT-STA-003",
            "Statistics of another model",
            "The SHA-256 of the model is not the one that the statistics were made from.",
            "Give the model they were made from, or observe this one.");

    public static final ProblemType LACKING = new ProblemType(
            "DT-STA-004",
            "Statistics that lack what is asked for",
            "The target, a rule or an option asks for something that was not kept when the data were looked at.",
            "Observe with the same --backend, rules and --set, or give the data with --calibration.");

    public static final ProblemType INCOMPLETE = new ProblemType(
            "DT-STA-005",
            "Statistics of some of the shards",
            "The data were looked at in parts, and not all parts are in the file.",
            "Merge all of them with 'detent observe --merge'.");

    public static final ProblemType UNLIKE = new ProblemType(
            "DT-STA-006",
            "Statistics that do not belong together",
            "Only statistics of one model, prepared alike and kept for the same targets and options, are merged.",
            "Leave the file out, or make it again like the others.");

    public static final ProblemType NO_SHARD = new ProblemType(
            "DT-STA-007",
            "No part of the data",
            "A part is written 1/3, and each holds a sample.",
            "Write 1/3, 2/3 and 3/3; give no more parts than there are samples.");

    public static final ProblemType LEFT_OUT = new ProblemType(
            "DT-STA-008",
            "A pass that was left out for want of data",
            "The pass looks at samples, or at statistics that were not kept.",
            "Give the data with --calibration to have it.");

    public static final ProblemType NOT_WRITTEN = new ProblemType(
            "DT-STA-009",
            "A file of statistics cannot be written",
            "Something else has the name, or the folder is not there or refuses it.",
            "Give another file with --out.");

    public static final ProblemType TWO_SOURCES = new ProblemType(
            "DT-STA-010",
            "Statistics and calibration data at once",
            "Statistics take the place of the data they were made from.",
            "Leave out --calibration or --observations.");

    public static final ProblemType NOT_FOR_TARGET = new ProblemType(
            "DT-STA-011",
            "Statistics that do not serve a target",
            "Calibration for the target looks at the quantized network, which statistics of the float network say nothing of.",
            "Quantize for it with --calibration.");
}
