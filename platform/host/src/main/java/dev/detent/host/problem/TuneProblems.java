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
            "A search saves multiply-adds or bytes.",
            "Take --cost macs or --cost bytes.");

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
}
