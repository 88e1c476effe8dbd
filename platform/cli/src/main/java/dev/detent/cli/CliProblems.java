package dev.detent.cli;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;

/** What can be wrong with a command line. */
public final class CliProblems implements ProblemCatalog {

    public static final ProblemType USAGE = new ProblemType(
            "DT-CLI-001",
            "The command line cannot be understood",
            "An option or parameter is unknown, missing or has a value of another kind.",
            "'detent COMMAND --help' shows what the command takes.");

    public static final ProblemType NO_TARGET = new ProblemType(
            "DT-CLI-002",
            "No target was named",
            "The command has to know for which chip.",
            "Name one with --backend; 'detent backends' lists them.");

    public static final ProblemType NO_SUBCOMMAND = new ProblemType(
            "DT-CLI-003",
            "A command without its subcommand",
            "The command does several things and was not told which.",
            "Name one of those in the message.");

    /** Told by the launchers in bin/, before Java runs. */
    public static final ProblemType NO_JAVA = new ProblemType(
            "DT-CLI-004",
            "No Java found",
            "The launcher finds neither JAVA_HOME nor java on the path.",
            "Install a Java 17 or newer runtime, or set JAVA_HOME.");

    public static final ProblemType MEMORY = new ProblemType(
            "DT-CLI-005",
            "More memory than Java may take",
            "The model and what is kept of the data do not fit into the memory that Java was given.",
            "Allow more with DETENT_JAVA_OPTS=-Xmx8g, use fewer threads, or a machine with more memory.");

    public static final ProblemType TIMEOUT = new ProblemType(
            "DT-CLI-009",
            "The run took longer than it may",
            "--timeout was reached: the model is large, the data are many, or something never ends.",
            "Allow more, give fewer samples, or look at where the time goes.");

    public static final ProblemType LABELS_WITHOUT_DATA = new ProblemType(
            "DT-CLI-006",
            "Labels without evaluation data",
            "Labels belong to evaluation data.",
            "Give the data with --evaluate.");

    public static final ProblemType DATA_WITHOUT_MODEL = new ProblemType(
            "DT-CLI-007",
            "Data without a model",
            "Data are converted to what the float model takes.",
            "Give the model with --model.");

    public static final ProblemType TRACE_OF_SEVERAL = new ProblemType(
            "DT-CLI-008",
            "A trace of several targets",
            "A trace holds one target's states.",
            "Name one target, or leave --trace out.");

    public static final ProblemType UNKNOWN_CPU = new ProblemType(
            "DT-CLI-061",
            "No such kind of CPU",
            "ONNX Runtime has integer kernels of their own for a few kinds of CPU.",
            "Take any, avx2, vnni or arm64, or leave --cpu out for this machine's.");

    public static final ProblemType NO_EFFECT = new ProblemType(
            "DT-CLI-062",
            "An option that has no effect",
            "The option belongs to something that was not asked for.",
            "Leave it out, or ask for what it belongs to.");

    public static final ProblemType SEVERAL_RUNS = new ProblemType(
            "DT-CLI-032",
            "A folder of several runs where one is meant",
            "A run for several targets has a folder for each.",
            "Name the folder of one target.");

    public static final ProblemType NO_SUCH_TENSOR = new ProblemType(
            "DT-CLI-020",
            "No quantized slot carries this tensor",
            "The run quantized no tensor of this name.",
            "Take a name that report.html lists.");

    public static final ProblemType NO_SUCH_PROBLEM = new ProblemType(
            "DT-CLI-021",
            "No such problem",
            "No catalogue of Detent or of an installed plugin has this id.",
            "docs/problems.md lists them.");

    public static final ProblemType WHAT_TO_EXPLAIN = new ProblemType(
            "DT-CLI-022",
            "Nothing to explain was named",
            "'detent explain' tells the life of a tensor of a run, or what a problem's id means.",
            "Name an output folder and a tensor, or a problem's id.");

    public static final ProblemType PAGE_NOT_WRITTEN = new ProblemType(
            "DT-CLI-031",
            "A page cannot be written",
            "The file of --html is there already, or its folder is not.",
            "Name a new file in a folder that exists.");

    public static final ProblemType DEMO_INCOMPLETE = new ProblemType(
            "DT-CLI-030",
            "The demonstration's model is missing",
            "The installation is incomplete.",
            "Unpack Detent again.");

    public static final ProblemType STACK = new ProblemType(
            "DT-INT-003",
            "A walk through the model goes too deep",
            "Java's stack does not hold the steps from one end of the model to the other.",
            "Allow more with DETENT_JAVA_OPTS=-Xss64m, and report it: every walk should need no stack.");

    public static final ProblemType CHILD = new ProblemType(
            "DT-INT-004",
            "The process for an isolated run cannot be started",
            "The operating system refuses to start another Java.",
            "Run without --isolate and --timeout, and report it with the message.");

    public static final ProblemType NATIVE_END = new ProblemType(
            "DT-INT-005",
            "Native code ended an isolated run",
            "ONNX Runtime, or another native library, ended its process instead of reporting an error.",
            "Report it with the model, if you may; DETENT_DEBUG=1 leaves Java's log of it.");

    public static final ProblemType FAIL_BELOW = new ProblemType(
            "DT-CLI-060",
            "A score is below what --fail-below asks for, or that cannot be read",
            "The run is written all the same; a script is told by exit code 1.",
            "Look at the report; write agreement=95%, top-1=70% or snr=20, and give --evaluate.");
}
