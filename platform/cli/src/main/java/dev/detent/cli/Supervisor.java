package dev.detent.cli;

import dev.detent.host.problem.PluginProblems;
import dev.detent.host.process.JavaProcess;
import dev.detent.runtime.ScratchFolder;
import dev.detent.spi.problem.InternalException;
import dev.detent.spi.problem.PluginException;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Runs this command in a child process with the same arguments, and answers for how that ends. Success is what the
 * child reports in a file, not how it ends: ONNX Runtime, or another native library, may end it by a signal, a plugin
 * by {@code Runtime.halt}, the system when memory runs out. What the child leaves half-written is in staging folders,
 * which the next run into the same folder removes. The child ends when this process does.
 */
final class Supervisor {

    /** Set in the child: the file for its report. */
    private static final String REPORT = "detent.report";

    /** A child that is asked to end cleans up first. */
    private static final int CLEANUP_SECONDS = 10;

    private static final int POLL_MS = 200;
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

    /** Whether this process is such a child. */
    static boolean isSupervised() {
        return System.getProperty(REPORT) != null;
    }

    /** Whether this process will only supervise another one, as far as the arguments tell at a glance. */
    static boolean isAsked(String[] arguments) {
        return !isSupervised()
                && Arrays.stream(arguments).anyMatch(a -> a.equals("--isolate") || a.startsWith("--timeout"));
    }

    /** In a child: tells how the command ended, and from now on the supervisor believes the exit code. */
    static void report(int code) {
        String file = System.getProperty(REPORT);
        if (file != null) {
            try {
                Files.writeString(Path.of(file), Integer.toString(code));
            } catch (IOException e) {
                System.err.println("error " + CliProblems.CHILD.id() + ": the report cannot be written: " + e);
            }
        }
    }

    /** In a child: ends it when its supervisor is gone, which may have been killed. */
    static void followParent(Runnable gone) {
        if (!isSupervised()) {
            return;
        }
        Optional<ProcessHandle> parent = ProcessHandle.current().parent();
        Thread thread = new Thread(
                () -> {
                    try {
                        while (parent.isPresent() && parent.get().isAlive()) {
                            Thread.sleep(POLL_MS);
                        }
                        gone.run();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "detent-parent");
        thread.setDaemon(true);
        thread.start();
    }

    /** The child's exit code, or an exception that says what ended it. */
    int run(List<String> arguments) {
        try {
            Path folder = ScratchFolder.folder("report");
            try {
                return run(arguments, folder.resolve("code"));
            } finally {
                ScratchFolder.remove(folder);
            }
        } catch (IOException e) {
            throw new InternalException(CliProblems.CHILD, "the process for the run cannot be started: " + e, "", e);
        }
    }

    private int run(List<String> arguments, Path report) throws IOException {
        List<String> options = new ArrayList<>(List.of("-D" + REPORT + "=" + report));
        if (System.getenv("DETENT_DEBUG") == null) {
            // One sentence of ours takes the place of Java's page about a fatal error and of its log.
            options.add("-XX:+SuppressFatalErrorMessage");
        }
        Process child = new ProcessBuilder(JavaProcess.command(Main.class, options, arguments))
                .inheritIO()
                .start();
        Thread stop = new Thread(() -> end(child), "detent-child");
        Runtime.getRuntime().addShutdownHook(stop);
        try {
            if (!isOver(child)) {
                end(child);
                throw new UserException(
                        CliProblems.TIMEOUT,
                        "took longer than --timeout " + timeout.orElse(0) + " and was ended; nothing was written",
                        "");
            }
            String reported = Files.exists(report) ? Files.readString(report) : "";
            return reported.matches("\\d+") ? Integer.parseInt(reported) : unreported(child.exitValue());
        } finally {
            end(child);
            try {
                Runtime.getRuntime().removeShutdownHook(stop);
            } catch (IllegalStateException e) {
                // This process is ending, too; the hook has ended the child.
                stop.interrupt();
            }
        }
    }

    private boolean isOver(Process child) {
        try {
            if (timeout.isPresent()) {
                return child.waitFor(timeout.get(), TimeUnit.SECONDS);
            }
            child.waitFor();
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** What a process that has not said how its command ended must have died of. */
    private static int unreported(int exit) {
        int signal = exit - SIGNAL;
        if (signal == INTERRUPTED || signal == TERMINATED) {
            return exit;
        }
        if (signal == KILLED) {
            throw new UserException(
                    CliProblems.MEMORY,
                    "the system ended the run (signal 9), as it does when memory runs out; nothing was written",
                    "");
        }
        if (signal > 0) {
            throw new InternalException(
                    CliProblems.NATIVE_END,
                    "native code ended the run (signal " + signal
                            + "), most likely ONNX Runtime on this model; nothing was written",
                    "",
                    null);
        }
        throw new PluginException(
                PluginProblems.ENDED_PROCESS,
                "ended the process before the command was done (Runtime.halt), which a plugin may not do; nothing was"
                        + " written; 'detent plugins disable' takes it out of the way",
                "a plugin");
    }

    private static void end(Process child) {
        child.destroy();
        try {
            if (!child.waitFor(CLEANUP_SECONDS, TimeUnit.SECONDS)) {
                child.destroyForcibly();
            }
        } catch (InterruptedException e) {
            child.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
