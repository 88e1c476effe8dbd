package dev.detent.host.problem;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;

/** What can be asked of the installed plugins in vain. */
public final class RegistryProblems implements ProblemCatalog {

    public static final ProblemType NO_TARGET = new ProblemType(
            "DT-CLI-010",
            "No such target",
            "No installed plugin contributes a target of this id.",
            "'detent backends' lists them.");

    public static final ProblemType NO_PASS = new ProblemType(
            "DT-CLI-011",
            "No such pass",
            "No installed plugin contributes a pass of this id.",
            "'detent passes' lists them.");

    public static final ProblemType NO_DISPATCHER = new ProblemType(
            "DT-CLI-012",
            "No such dispatcher",
            "No installed plugin contributes a dispatcher of this id.",
            "'detent passes' lists them.");

    public static final ProblemType NO_OBSERVER = new ProblemType(
            "DT-CLI-013",
            "No such observer",
            "No installed plugin contributes an observer of this id.",
            "'detent observers' lists them.");

    public static final ProblemType NO_OPTION = new ProblemType(
            "DT-CLI-014",
            "No such option",
            "The pass or observer has no option of this name.",
            "'detent passes' and 'detent observers' list them.");

    public static final ProblemType OPTION_VALUE = new ProblemType(
            "DT-CLI-015",
            "A value that the option does not take",
            "The value is out of range or of another kind.",
            "Take a value that the message describes.");

    public static final ProblemType NO_METRIC = new ProblemType(
            "DT-CLI-017",
            "No such metric",
            "No installed plugin contributes a metric of this id.",
            "'detent metrics' lists them.");

    public static final ProblemType NO_NUMBER_SYSTEM = new ProblemType(
            "DT-CLI-016",
            "No such number system",
            "The run was written with a number system that no plugin here contributes.",
            "Install the plugin that wrote it.");

    public static final ProblemType OBSERVER_SCHEME = new ProblemType(
            "DT-OBS-001",
            "An observer that cannot serve the scheme",
            "The observer does not find ranges for this kind of scheme, e.g. per channel or power of two.",
            "Choose another observer.");
}
