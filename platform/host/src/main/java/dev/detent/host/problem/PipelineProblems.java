package dev.detent.host.problem;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;

/** What can be wrong while a plan runs. */
public final class PipelineProblems implements ProblemCatalog {

    public static final ProblemType EDITS_UNDECLARED = new ProblemType(
            "DT-PAS-010",
            "A pass edits the graph without having declared it",
            "The pass asked for the graph's editor, and its descriptor does not say editsGraph.",
            "Report it to the plugin's author.");

    public static final ProblemType SAMPLES_UNDECLARED = new ProblemType(
            "DT-PAS-011",
            "A pass uses samples without having declared it",
            "The pass asked for samples, and its descriptor does not need them.",
            "Report it to the plugin's author.");

    public static final ProblemType PASS_FAILED = new ProblemType(
            "DT-PAS-012",
            "A pass failed",
            "The pass threw an exception that is no problem of the user's.",
            "Report it to the plugin's author with the message.");

    public static final ProblemType EDITED_UNDECLARED = new ProblemType(
            "DT-PAS-013",
            "A pass changed the graph without having declared it",
            "The graph is not as it was before the pass, and its descriptor does not say editsGraph.",
            "Report it to the plugin's author.");

    public static final ProblemType INVARIANT_BROKEN = new ProblemType(
            "DT-PAS-014",
            "A pass left what must not be",
            "After the pass an invariant of the model or of its quantization does not hold.",
            "Report it to the plugin's author with the message.");

    public static final ProblemType OBSERVES_UNNAMED = new ProblemType(
            "DT-PAS-015",
            "A pass asks for an observation without a name",
            "An observation is found again by its name.",
            "Report it to the plugin's author.");

    public static final ProblemType RULE_ARITY = new ProblemType(
            "DT-RUL-001",
            "A target's rule does not fit its node",
            "The rule has more or fewer inputs or outputs than the node.",
            "Report it to the plugin's author.");
}
