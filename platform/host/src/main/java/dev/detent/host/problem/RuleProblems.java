package dev.detent.host.problem;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;

/** What can be wrong with a person's rules. */
public final class RuleProblems implements ProblemCatalog {

    public static final ProblemType NO_MATCH = new ProblemType(
            "DT-RUL-002",
            "A rule matches nothing",
            "No operator type, node or tensor of the model has the name, or none lies between the two tensors.",
            "Take a name from 'detent inspect --nodes MODEL'; in a pattern, '*' stops at a slash and '**' does not.");

    public static final ProblemType MEMBER_IDLE = new ProblemType(
            "DT-RUL-003",
            "A member of a rule's list matches nothing",
            "Others of the list match, this one is not in the model.",
            "Nothing needs to be done where the rules serve several models; otherwise mend the name.");

    public static final ProblemType NOT_QUANTIZED = new ProblemType(
            "DT-RUL-004",
            "A rule sets a number format where nothing is quantized",
            "What the rule matches stays float on this target, so there is no format to set.",
            "Leave the rule out for this target, or match the tensors that are quantized: 'detent plan MODEL' shows them.");

    public static final ProblemType NOT_ON_TARGET = new ProblemType(
            "DT-RUL-005",
            "A rule asks for a format the target does not have",
            "The chip, or the file that its toolchain reads, has no such width, sign, symmetry or granularity there.",
            "Take one of the formats in the message, float, or one of the targets that have it.");

    public static final ProblemType CONTRADICTION = new ProblemType(
            "DT-RUL-006",
            "Two rules contradict each other",
            "A later rule of the same place sets something else wherever the earlier one holds, or one rule takes away "
                    + "what another builds on.",
            "Put the narrower rule last, or remove one of the two.");

    public static final ProblemType PARAMETERS = new ProblemType(
            "DT-RUL-007",
            "An observer, range or scale that does not fit a tensor",
            "The tensor's format has other channels, codes or symmetry, or its scale follows from others.",
            "Follow the message: change the value, or the format with it.");

    public static final ProblemType TEXT = new ProblemType(
            "DT-RUL-010",
            "A rule on the command line that cannot be read",
            "The text is not of the form that the option takes.",
            "Write --keep-float MATCH, --bits N=MATCH or --rule 'MATCH -> SETTING'; docs/rules.md has the grammar.");

    public static final ProblemType FORM = new ProblemType(
            "DT-RUL-014",
            "A rule of another form",
            "A rule is a map with 'match' and what is set; a key or the kind of a value is none that a rule has.",
            "Take one of the keys in the message; docs/rules.md lists them all.");

    public static final ProblemType NOTHING_SET = new ProblemType(
            "DT-RUL-015",
            "A rule that sets nothing",
            "The rule has a match and no setting.",
            "Add 'keep: float', 'bits: 16' or another setting.");

    public static final ProblemType SELF_CONTRADICTION = new ProblemType(
            "DT-RUL-016",
            "A rule contradicts itself",
            "Two of its settings exclude each other.",
            "Keep one of them, or make it two rules with different matches.");

    public static final ProblemType STATE = new ProblemType(
            "DT-RUL-022",
            "A state that a tensor cannot start in",
            "A bias starts passive, initial or float; other tensors can be float or off. Every other state is reached "
                    + "by calibration and passes.",
            "Take one of these, and slot: bias for the first two.");

    public static final ProblemType VALUE = new ProblemType(
            "DT-RUL-024",
            "A value in a rule that is wrong",
            "A number is none, or outside of what makes sense.",
            "Write a value as in the message.");

    public static final ProblemType RANGES = new ProblemType(
            "DT-RUL-031",
            "Ranges that cannot be read or used",
            "The file is none that --ranges takes, is damaged, or names none of the model's tensors.",
            "Give the folder of a run, QNN encodings, a TensorRT calibration cache or a Q/DQ model, of this very model.");

    public static final ProblemType WITHOUT_DATA = new ProblemType(
            "DT-RUL-032",
            "Passes are left out because they look at data",
            "The ranges are known, and there are no calibration data for what else the target would do with them.",
            "Nothing needs to be done; give --calibration too to have these passes run.");
}
