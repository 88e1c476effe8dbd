package dev.detent.backends.generic;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;
import org.pf4j.Extension;

/** What can be wrong with a target declared in YAML. */
@Extension
public final class GenericProblems implements ProblemCatalog {

    static final ProblemType UNKNOWN_KEY = new ProblemType(
            "DT-GEN-001",
            "An unknown key in a target's YAML",
            "The key is none of those that docs/targets/generic.md lists.",
            "Correct the key.");

    static final ProblemType VALUE = new ProblemType(
            "DT-GEN-002",
            "A wrong value in a target's YAML",
            "The key does not take this value.",
            "Use one of the values that the message lists.");

    static final ProblemType KEY_MISSING = new ProblemType(
            "DT-GEN-003",
            "A target's YAML lacks a key",
            "The target cannot be built without it.",
            "Add the key; docs/targets/generic.md shows an example.");
}
