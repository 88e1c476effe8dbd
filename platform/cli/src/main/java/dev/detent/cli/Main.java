package dev.detent.cli;

import dev.detent.host.plugin.PluginHost;
import dev.detent.host.problem.InternalProblems;
import dev.detent.host.process.SupervisedProcess;
import dev.detent.spi.problem.DetentException;
import dev.detent.spi.problem.InternalException;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.UserException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/**
 * The {@code detent} command. Exit codes: 0 done, 1 a check did not hold, 2 the user can mend it, 3 a plugin broke its
 * contract, 70 Detent itself is wrong, 130 interrupted.
 */
@Command(
        name = "detent",
        mixinStandardHelpOptions = true,
        scope = CommandLine.ScopeType.INHERIT,
        description = "Post-training quantization of ONNX models.")
public final class Main {

    /** In the order of the help. */
    static final List<Class<?>> COMMANDS = List.of(
            QuantizeCommand.class,
            TuneCommand.class,
            AnalyzeCommand.class,
            EvaluateCommand.class,
            CompareCommand.class,
            VerifyCommand.class,
            CheckCommand.class,
            PlanCommand.class,
            ExplainCommand.class,
            InspectCommand.class,
            ListCommands.Backends.class,
            ListCommands.Passes.class,
            ListCommands.ObserverList.class,
            ListCommands.MetricList.class,
            PluginsCommand.class,
            DoctorCommand.class,
            TraceCommand.class,
            DemoCommand.class,
            AutoComplete.GenerateCompletion.class);

    private static final int INTERRUPTED = 130;

    private Main() {}

    public static void main(String[] args) {
        if (args.length == 1 && (args[0].equals("--version") || args[0].equals("-V"))) {
            System.out.println("detent " + InstallationOptions.VERSION);
            return;
        }
        ProcessEnd end = ProcessEnd.watch();
        SupervisedProcess.followParent(() -> end.exit(INTERRUPTED));
        if (!Supervisor.isAsked(args)) {
            PluginHost.preload();
        }
        end.exit(run(args));
    }

    /**
     * Runs one command on the calling thread, with System.out and System.err, for tests and for programs that embed it.
     *
     * @return the exit code
     */
    public static int run(String... args) {
        return Console.keepingStreams(() -> execute(args));
    }

    private static int execute(String... args) {
        PrintStream err = Console.streams().err();
        CommandLine line = new CommandLine(new Main());
        line.getCommandSpec().version("detent " + InstallationOptions.VERSION);
        // Looking into every command's options would cost the one that is run a quarter of a second.
        boolean whole = args.length > 0 && args[0].equals("generate-completion");
        List<Class<?>> asked = COMMANDS.stream()
                .filter(c -> args.length > 0
                        && !whole
                        && c.getAnnotation(Command.class).name().equals(args[0]))
                .toList();
        (asked.isEmpty() ? COMMANDS : asked).forEach(line::addSubcommand);
        if (asked.isEmpty()) {
            line.addSubcommand(CommandLine.HelpCommand.class);
        }
        line.setOut(new PrintWriter(Console.streams().out(), true, Charset.defaultCharset()));
        line.setErr(new PrintWriter(Console.streams().err(), true, Charset.defaultCharset()));
        line.setExecutionExceptionHandler((e, command, parsed) -> failed(e));
        line.setParameterExceptionHandler((e, a) -> {
            err.println("error " + Problem.error(CliProblems.USAGE, String.valueOf(e.getMessage()), ""));
            CommandLine.UnmatchedArgumentException.printSuggestions(
                    e, e.getCommandLine().getErr());
            err.println("'" + e.getCommandLine().getCommandSpec().qualifiedName() + " --help' explains");
            return 2;
        });
        try {
            return line.execute(args);
        } catch (Throwable e) {
            // Whatever it is: a sentence, and the process ends, also where a plugin left a thread behind.
            return failed(e);
        }
    }

    /** The one place where every failure of a command ends: says what it was, and gives the exit code. */
    private static int failed(Throwable e) {
        if (System.getenv("DETENT_DEBUG") != null) {
            e.printStackTrace(Console.streams().err());
        }
        DetentException told = told(e);
        PrintStream err = Console.streams().err();
        told.problems().forEach(p -> err.println(Console.printable("error " + p)));
        return told.exitCode();
    }

    private static DetentException told(Throwable e) {
        String plugin = PluginHost.owner(e.getStackTrace()).orElse("");
        if (e instanceof DetentException d) {
            return d;
        }
        if (e instanceof OutOfMemoryError) {
            return new UserException(
                    CliProblems.MEMORY,
                    String.format(
                            Locale.ROOT,
                            "this needs more memory than Java may take here (%d MB); allow more with "
                                    + "DETENT_JAVA_OPTS=-Xmx8g or as much as the machine has",
                            Runtime.getRuntime().maxMemory() >> 20),
                    plugin);
        }
        if (e instanceof StackOverflowError) {
            return new InternalException(
                    CliProblems.STACK,
                    "a walk through the model goes deeper than Java's stack; allow more with DETENT_JAVA_OPTS=-Xss64m, "
                            + "and report it",
                    plugin,
                    e);
        }
        Throwable cause = e.getCause();
        // What threads and streams wrap around a failure says nothing.
        boolean wrapped = e instanceof CompletionException
                || e instanceof ExecutionException
                || e instanceof UncheckedIOException && cause instanceof DetentException;
        return wrapped && cause != null
                ? told(cause)
                : new InternalException(
                        InternalProblems.UNEXPECTED, "Detent failed where it should not have: " + e, plugin, e);
    }
}
