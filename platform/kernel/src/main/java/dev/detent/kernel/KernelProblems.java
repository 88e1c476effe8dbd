package dev.detent.kernel;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;

/** What a plugin can ask of the state machine in vain. */
public final class KernelProblems implements ProblemCatalog {

    public static final ProblemType TRANSITION_REFUSED = new ProblemType(
            "DT-KRN-001",
            "A transition that the state machine refuses",
            "A pass asked to move a config from a state that does not allow it, or a guard of the transition does not hold.",
            "Report it to the plugin's author; docs/state-machine.md lists what each state allows.");

    public static final ProblemType FOREIGN_CONFIG = new ProblemType(
            "DT-KRN-002",
            "A config that belongs to another model",
            "A pass kept a config of an earlier run and asked to move it.",
            "Report it to the plugin's author: configs are valid during one run of one pass.");

    public static final ProblemType SUSPENSION_LEFT_OPEN = new ProblemType(
            "DT-KRN-003",
            "A pass left a config suspended",
            "A pass suspended configs and ended without resuming them.",
            "Report it to the plugin's author: suspensions belong into a try-with-resources statement.");
}
