package dev.detent.host.problem;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;

/** What can be wrong with plugins and with the folder they lie in. */
public final class PluginProblems implements ProblemCatalog {

    public static final ProblemType NO_JAR = new ProblemType(
            "DT-PLG-001",
            "A plugin cannot be read as a jar",
            "The file is damaged or no ZIP archive.",
            "Copy or build it again.");

    public static final ProblemType NO_PLUGIN = new ProblemType(
            "DT-PLG-002",
            "A jar is no Detent plugin",
            "Its manifest lacks Plugin-Id or Plugin-Version.",
            "Build it with detent-plugin-parent, or move it out of the plugins' folder.");

    public static final ProblemType OTHER_SPI = new ProblemType(
            "DT-PLG-003",
            "A plugin needs another version of the SPI",
            "Plugin-Requires does not allow the SPI of this Detent.",
            "Install a version of the plugin that fits.");

    public static final ProblemType NO_EXTENSIONS = new ProblemType(
            "DT-PLG-004",
            "A plugin has no extension index",
            "PF4J's annotation processor did not run when it was built, so nothing in it is found.",
            "Build it with detent-plugin-parent; classes to be found carry @Extension.");

    public static final ProblemType NO_REQUIRES = new ProblemType(
            "DT-PLG-005",
            "A plugin does not say which SPI it needs",
            "Plugin-Requires is missing in its manifest or is no version range.",
            "Write a range such as '>=1.0.0 & <2.0.0'.");

    public static final ProblemType EXTENSION_NOT_THERE = new ProblemType(
            "DT-PLG-006",
            "A plugin lacks a class that its index names",
            "The jar was built from stale classes, or shrunk.",
            "Build it again from scratch.");

    public static final ProblemType BUNDLES_HOST = new ProblemType(
            "DT-PLG-007",
            "A plugin bundles what the host provides",
            "Two copies of one class would not be the same to Java.",
            "Give the dependency the scope 'provided'.");

    public static final ProblemType OTHER_JAVA = new ProblemType(
            "DT-PLG-008",
            "A plugin has classes for a newer Java",
            "Detent runs on Java 17, which does not load them.",
            "Build it with --release 17.");

    public static final ProblemType ID_TWICE = new ProblemType(
            "DT-PLG-009", "Two jars have one plugin id", "Only one of them can be loaded.", "Remove one of them.");

    public static final ProblemType CONTRIBUTED_TWICE = new ProblemType(
            "DT-PLG-010",
            "Two plugins contribute the same id",
            "An id of a target, pass, dispatcher, observer or number system must be unique.",
            "Remove one of the jars.");

    public static final ProblemType NOT_STARTED = new ProblemType(
            "DT-PLG-011", "A plugin did not start", "Its plugin class failed.", "Report it to the plugin's author.");

    public static final ProblemType NO_EXTENSION_POINT = new ProblemType(
            "DT-PLG-012",
            "An extension implements nothing of this SPI",
            "The class carries @Extension and implements none of the SPI's extension points.",
            "Report it to the plugin's author.");

    public static final ProblemType NOT_CREATED = new ProblemType(
            "DT-PLG-013",
            "An extension cannot be created",
            "Its constructor failed, or wants what the host does not provide.",
            "Report it to the plugin's author with the message.");

    public static final ProblemType CALL_FAILED = new ProblemType(
            "DT-PLG-016",
            "A plugin failed",
            "A contribution threw an exception, gave null or was built for another SPI.",
            "Report it to the plugin's author with the message.");

    public static final ProblemType NO_LOCK = new ProblemType(
            "DT-PLG-020",
            "plugins.lock is missing",
            "Only jars that plugins.lock lists are loaded.",
            "Write it with 'detent plugins lock' when you trust the jars.");

    public static final ProblemType LOCK_UNREADABLE = new ProblemType(
            "DT-PLG-021",
            "plugins.lock cannot be read",
            "The operating system refuses to read it.",
            "Check its permissions.");

    public static final ProblemType NOT_LISTED = new ProblemType(
            "DT-PLG-022",
            "A plugin is not in plugins.lock",
            "The jar was put there without 'detent plugins install'.",
            "Install it, or remove the jar.");

    public static final ProblemType CHANGED = new ProblemType(
            "DT-PLG-023",
            "A plugin is not the jar that plugins.lock lists",
            "Its version or its SHA-256 differs: it was replaced or damaged.",
            "Restore the jar, or install it again if you trust it.");

    public static final ProblemType NO_PLUGIN_FOLDER = new ProblemType(
            "DT-PLG-030",
            "The plugins' folder does not exist",
            "The installation is incomplete, or --plugins names something else.",
            "Give the folder with --plugins.");

    public static final ProblemType FOLDER_UNREADABLE = new ProblemType(
            "DT-PLG-031",
            "The plugins' folder cannot be listed",
            "The operating system refuses to list it.",
            "Check its permissions.");

    public static final ProblemType YAML_UNREADABLE = new ProblemType(
            "DT-PLG-033",
            "A plugin's YAML file cannot be read",
            "The operating system refuses to read it.",
            "Check its permissions.");

    public static final ProblemType NO_YAML = new ProblemType(
            "DT-PLG-034",
            "A plugin's YAML file is no YAML",
            "The file breaks YAML's grammar at the line that the message names.",
            "Correct it.");

    public static final ProblemType JAR_NOT_THERE = new ProblemType(
            "DT-PLG-035",
            "The jar to verify or install is no file",
            "Nothing or a folder lies under the path.",
            "Give the path of a plugin's jar.");

    public static final ProblemType TARGET_ID = new ProblemType(
            "DT-PLG-060",
            "A target's id cannot be used",
            "Ids name folders of results and stand in lists with commas.",
            "Report it to the plugin's author: letters, digits and . _ : - only, unique without regard to capitals.");

    public static final ProblemType ID_FORM = new ProblemType(
            "DT-PLG-014",
            "A plugin's id or version cannot be used",
            "Ids and versions stand in plugins.lock, between blanks, and in names of files.",
            "Use letters, digits and . _ - only.");

    public static final ProblemType TOO_LARGE = new ProblemType(
            "DT-PLG-015",
            "A plugin's file is larger than plugins may be",
            "The jar, a class in it or what it unpacks to passes the limit in the message: such archives are made to fill memories.",
            "Ship large data beside the plugin, or split it.");

    public static final ProblemType LOADING_TIME = new ProblemType(
            "DT-PLG-017",
            "A plugin does not finish loading",
            "Its constructor waits for something or never ends.",
            "Disable or remove it, and report it to its author.");

    public static final ProblemType DEPENDENCY = new ProblemType(
            "DT-PLG-018",
            "A plugin needs another one that is not there",
            "The plugin it depends on is not installed, was refused, or needs this one itself.",
            "Install the other one first.");

    public static final ProblemType ENDED_PROCESS = new ProblemType(
            "DT-PLG-019",
            "A plugin ended the process",
            "It called System.exit or Runtime.halt, which a plugin may not do.",
            "Disable or remove it, and report it to its author.");

    public static final ProblemType LOCK_NOT_WRITTEN = new ProblemType(
            "DT-PLG-024",
            "plugins.lock cannot be written",
            "The operating system refuses to write it.",
            "Check the permissions of the plugins' folder.");

    public static final ProblemType NAME_TAKEN = new ProblemType(
            "DT-PLG-036",
            "Another plugin has this file name",
            "Installing would replace a file that is another plugin's.",
            "Rename the file, or remove the other plugin first.");

    public static final ProblemType CHANGED_MEANWHILE = new ProblemType(
            "DT-PLG-037",
            "A plugin changed while it was being installed",
            "What was verified is not what would be installed.",
            "Try again when nobody writes the file.");

    public static final ProblemType FILE_REFUSED = new ProblemType(
            "DT-PLG-038",
            "A plugin's file cannot be written or removed",
            "The operating system refuses it.",
            "Check the permissions of the plugins' folder.");

    public static final ProblemType AMBIGUOUS = new ProblemType(
            "DT-PLG-039",
            "Several files have this plugin id",
            "It is not clear which of them is meant.",
            "Give the file's name instead.");

    public static final ProblemType NOT_INSTALLED = new ProblemType(
            "DT-PLG-040",
            "No such plugin",
            "No file of the plugins' folder has this id or name.",
            "'detent plugins list' lists them.");

    public static final ProblemType CONTRACT_BROKEN = new ProblemType(
            "DT-PLG-041",
            "A plugin breaks the SPI's contracts",
            "One of the checks printed above did not hold.",
            "Report it to the plugin's author with what 'detent plugins verify' prints.");

    public static final ProblemType NOT_OFFERED = new ProblemType(
            "DT-PLG-042",
            "A target asks for what no plugin offers",
            "Its recipe names a pass or a dispatcher, or its rules an observer, that none of the loaded plugins contributes.",
            "Load the plugin that offers it ('detent plugins list' tells what is switched off or refused), or report it to"
                    + " the author of the target's plugin.");

    public static final ProblemType INTERRUPTED = new ProblemType(
            "DT-INT-002",
            "Work with plugins was interrupted",
            "Loading or verifying plugins did not come to its end.",
            "Try again.");
}
