package dev.detent.host.problem;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;

/** What can be wrong with a plan, before or while it is run. */
public final class PlanProblems implements ProblemCatalog {

    public static final ProblemType NOT_ESTABLISHED = new ProblemType(
            "DT-PLN-001",
            "A pass requires what no pass establishes",
            "Passes are ordered by what they require and establish; nobody establishes this, or several do and none was chosen.",
            "Add a pass with --set PASS=on, or leave this one out.");

    public static final ProblemType RUNS_IN_CIRCLES = new ProblemType(
            "DT-PLN-002",
            "A pass would have to run again and again",
            "Passes undo what each other establishes.",
            "Leave one of them out with --set PASS=off, and report it to its author.");

    public static final ProblemType NO_PLACE = new ProblemType(
            "DT-PLN-003",
            "A pass has no place in the plan",
            "What it requires comes too late, or what it must run before comes too early.",
            "Leave it out, or add what it requires.");

    public static final ProblemType REQUIREMENT_LOST = new ProblemType(
            "DT-PLN-004",
            "A pass does not find what it requires",
            "A pass before it did not establish what it promised for this model.",
            "Leave one of them out with --set PASS=off.");

    public static final ProblemType UNSETTLED = new ProblemType(
            "DT-PLN-005",
            "Configs are left that cannot be exported",
            "After the last pass some slots have no scale: a pass that gives one is missing or switched off.",
            "Switch it on again; otherwise report it to the plugin's author.");

    public static final ProblemType ORDER_UNKNOWN = new ProblemType(
            "DT-PLN-006",
            "Nothing says which of two passes comes first",
            "Two passes may disturb each other and neither says after, before or commutesWith.",
            "Report it to the plugins' authors; leave one out meanwhile.");

    public static final ProblemType STEP_OF_HOST = new ProblemType(
            "DT-PLN-007",
            "A recipe names a step of Detent's own",
            "Normalize, place, rules and freeze are always there and are no passes.",
            "Report it to the plugin's author.");

    public static final ProblemType INVARIANT_BROKEN = new ProblemType(
            "DT-PLN-008",
            "A step of Detent's own left what must not be",
            "After the step an invariant does not hold: Detent is wrong.",
            "Report it with the message and, if you may, the model.");
}
