package dev.detent.host.problem;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;

/** What can be wrong with {@code --set} and with a settings file. */
public final class SettingsProblems implements ProblemCatalog {

    public static final ProblemType ASSIGNMENT = new ProblemType(
            "DT-SET-001",
            "A --set that is no assignment",
            "The text is none of the forms that --set takes.",
            "Write pass.option=value, pass=on, pass=off or dispatcher=id.");

    public static final ProblemType UNKNOWN_KEY = new ProblemType(
            "DT-SET-003",
            "An unknown key in the settings file",
            "The key is none of the command's.",
            "Take one of the keys in the message.");

    public static final ProblemType UNREADABLE = new ProblemType(
            "DT-SET-004",
            "The settings file cannot be read",
            "It does not exist or the operating system refuses to read it.",
            "Check the path and its permissions.");

    public static final ProblemType NO_YAML = new ProblemType(
            "DT-SET-005",
            "The settings file is no YAML",
            "The file breaks YAML's grammar at the line that the message names.",
            "Correct it.");

    public static final ProblemType SET_FORM = new ProblemType(
            "DT-SET-006",
            "'set' of the settings file has another form",
            "'set' is a map or a list.",
            "Write pass: {option: value}, pass: off, or a list of pass.option=value.");

    public static final ProblemType PASS_NOT_PLANNED = new ProblemType(
            "DT-SET-007",
            "An option for a pass that is not in the plan",
            "The option would have no effect.",
            "Add the pass with --set PASS=on.");

    public static final ProblemType NO_TEXT = new ProblemType(
            "DT-SET-008", "A setting must be a text", "The key takes one value, not a map.", "Write one value.");

    public static final ProblemType NO_COUNT = new ProblemType(
            "DT-SET-009",
            "A setting must be a whole number",
            "The key takes a number of 1 or more.",
            "Write such a number.");

    public static final ProblemType CHANGED_NOTHING = new ProblemType(
            "DT-SET-021",
            "A pass that was asked for changed nothing",
            "The model has nothing that the pass works on.",
            "Leave it out; 'detent passes' says what each is for.");

    public static final ProblemType OVERRIDDEN = new ProblemType(
            "DT-SET-020",
            "A pass that was switched off runs all the same",
            "Another pass of the plan needs what it establishes.",
            "Switch that other pass off too, or leave this one on; 'detent plan' says who needs it.");
}
