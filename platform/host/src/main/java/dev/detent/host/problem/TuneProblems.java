package dev.detent.host.problem;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;

/** What can be wrong with a search. */
public final class TuneProblems implements ProblemCatalog {

    public static final ProblemType SEVERAL_TARGETS = new ProblemType(
            "DT-SEA-001",
            "A search for several targets",
            "A mix is made for one target.",
            "Name one target with --backend, and run the search once for each.");

    public static final ProblemType NOTHING_TO_JUDGE_BY = new ProblemType(
            "DT-SEA-002",
            "A search without evaluation data",
            "Every mix is judged by what it does to data that calibration has not seen.",
            "Give such data with --evaluate.");

    public static final ProblemType NO_COST = new ProblemType(
            "DT-SEA-003",
            "No such cost",
            "A search saves multiply-adds, bytes or time.",
            "Take --cost macs, bytes or time.");

    public static final ProblemType NO_METRIC_VALUE = new ProblemType(
            "DT-SEA-004",
            "A metric without its value",
            "The goal is a metric and the least value it may have.",
            "Write METRIC=VALUE, as in --min-metric box-f1=0.85; 'detent metrics' lists the metrics.");

    public static final ProblemType NO_SHARE = new ProblemType(
            "DT-SEA-005",
            "A share that is none",
            "Shares lie between 0 and 1, or between 0 % and 100 %.",
            "Write 0.5% or 0.005.");

    public static final ProblemType NO_TIME = new ProblemType(
            "DT-SEA-006",
            "A time that is none",
            "A time is a whole number of seconds, minutes or hours.",
            "Write 90s, 10m or 1h.");

    public static final ProblemType MEMORY_NOT_WRITTEN = new ProblemType(
            "DT-SEA-007",
            "A search cannot keep what it measured",
            "tune.json in the output folder is what a search goes on from when it is ended.",
            "Look at the folder's rights and the disk's room.");

    public static final ProblemType COMMAND_FAILED = new ProblemType(
            "DT-SEA-008",
            "The command of --metric-command failed",
            "It is run for every mix, and ends with exit code 0 and a number as the last line of its output.",
            "Run it by hand on the folder of a run.");

    public static final ProblemType COMMAND_GOAL = new ProblemType(
            "DT-SEA-009",
            "A command without its goal, or a goal without its command",
            "--metric-command says how a run is judged, --min-metric command=VALUE what it must reach.",
            "Give both.");
}
