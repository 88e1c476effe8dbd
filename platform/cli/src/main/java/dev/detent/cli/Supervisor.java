package dev.detent.cli;

import dev.detent.host.problem.PluginProblems;
import dev.detent.host.process.SupervisedProcess;
import dev.detent.spi.problem.DetentException;
import dev.detent.spi.problem.InternalException;
import dev.detent.spi.problem.PluginException;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Runs this command in a process of its own with the same arguments, and says in a sentence what became of that: ONNX
 * Runtime, or another native library, may end it by a signal, a plugin by {@code Runtime.halt}, the system when memory
 * runs out. What it leaves half-written lies in staging folders, which the next run into the same folder removes.
 */
final class Supervisor {

    /** Shells and Java give 128 and the signal's number. */
    private static final int SIGNAL = 128;

    private static final int INTERRUPTED = 2;
    private static final int KILLED = 9;
    private static final int TERMINATED = 15;

    private final Optional<Integer> timeout;

    /** @param timeout in seconds */
    Supervisor(Optional<Integer> timeout) {
        this.timeout = timeout;
    }

    /** Whether this process will only supervise another one, as far as the arguments tell at a glance. */
    static boolean isAsked(String[] arguments) {
        return !SupervisedProcess.isChild()
                && Arrays.stream(arguments).anyMatch(a -> a.equals("--isolate") || a.startsWith("--timeout"));
    }

    /** The exit code that the command reports, or an exception that says what ended it. */
    int run(List<String> arguments) {
        // One sentence of ours takes the place of Java's page about a fatal error and of its log.
        List<String> options =
                System.getenv("DETENT_DEBUG") == null ? List.of("-XX:+SuppressFatalErrorMessage") : List.of();
        SupervisedProcess.Ending ending;
        try {
            ending = SupervisedProcess.run(Main.class, options, arguments, timeout.map(Duration::ofSeconds));
        } catch (IOException e) {
            throw new InternalException(CliProblems.CHILD, "the process for the run cannot be started: " + e, "", e);
        }
        if (ending instanceof SupervisedProcess.Reported r) {
            return r.code();
        }
        if (ending instanceof SupervisedProcess.Unreported u) {
            int signal = u.exitCode() - SIGNAL;
            if (signal == INTERRUPTED || signal == TERMINATED) {
                return u.exitCode();
            }
            throw ended(signal);
        }
        throw new UserException(
                CliProblems.TIMEOUT,
                "took longer than --timeout " + timeout.orElse(0) + " and was ended; nothing was written",
                "");
    }

    /** What a process that has not said how its command ended must have died of. */
    private static DetentException ended(int signal) {
        if (signal == KILLED) {
            return new UserException(
                    CliProblems.MEMORY,
                    "the system ended the run (signal 9), as it does when memory runs out; nothing was written",
                    "");
        }
        if (signal > 0) {
            return new InternalException(
                    CliProblems.NATIVE_END,
                    "native code ended the run (signal " + signal
                            + "), most likely ONNX Runtime on this model; nothing was written",
                    "",
                    null);
        }
        return new PluginException(
                PluginProblems.ENDED_PROCESS,
                "ended the process before the command was done (Runtime.halt), which a plugin may not do; nothing was"
                        + " written; 'detent plugins disable' takes it out of the way",
                "a plugin");
    }
}
