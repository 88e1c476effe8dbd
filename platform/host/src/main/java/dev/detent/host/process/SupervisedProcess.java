package dev.detent.host.process;

import dev.detent.host.problem.InternalProblems;
import dev.detent.runtime.ScratchFolder;
import dev.detent.spi.problem.InternalException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A child JVM that does this process's work and may crash or be killed: only the code that it reports counts, not how
 * it ends. It shares this process's standard streams, and ends when this process does, also when that is killed.
 */
public final class SupervisedProcess {

    /** Set in the child: the file for its report. */
    private static final String REPORT = "detent.report";

    /** A child that is asked to end cleans up first. */
    private static final int CLEANUP_SECONDS = 10;

    private static final int POLL_MS = 200;

    /** How a child came to its end. */
    public sealed interface Ending {}

    /** It said how its work ended. */
    public record Reported(int code) implements Ending {}

    /** It ended without a word; 128 and the number of a signal when one has ended it. */
    public record Unreported(int exitCode) implements Ending {}

    /** It took longer than it may, and was ended. */
    public record TimedOut() implements Ending {}

    private SupervisedProcess() {}

    /** Whether this process is such a child. */
    public static boolean isChild() {
        return System.getProperty(REPORT) != null;
    }

    /** In a child, at the end of its work; does nothing elsewhere. */
    public static void report(int code) {
        String file = System.getProperty(REPORT);
        if (file != null) {
            try {
                Files.writeString(Path.of(file), Integer.toString(code));
            } catch (IOException e) {
                // Nobody has been told then, and the supervisor says so.
                return;
            }
        }
    }

    /** In a child: calls {@code gone} once when the supervisor has exited; does nothing elsewhere. */
    public static void followParent(Runnable gone) {
        Optional<ProcessHandle> parent = ProcessHandle.current().parent();
        if (!isChild() || parent.isEmpty()) {
            return;
        }
        Thread thread = new Thread(
                () -> {
                    try {
                        while (parent.get().isAlive()) {
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

    /**
     * Runs one to its end, on the caller's thread.
     *
     * @param options further JVM options, beside those of this process
     * @param timeout empty for no limit
     * @throws IOException when it cannot be started
     * @throws InternalException when the caller's thread is interrupted
     */
    public static Ending run(Class<?> main, List<String> options, List<String> arguments, Optional<Duration> timeout)
            throws IOException {
        Path folder = ScratchFolder.folder("report");
        try {
            Path report = folder.resolve("code");
            List<String> all = new ArrayList<>(options);
            all.add("-D" + REPORT + "=" + report);
            Process child = new ProcessBuilder(JavaProcess.command(main, all, arguments))
                    .inheritIO()
                    .start();
            if (!watch(child, SupervisedProcess::end, c -> isOver(c, timeout))) {
                return new TimedOut();
            }
            String reported = Files.exists(report) ? Files.readString(report) : "";
            return reported.matches("\\d+")
                    ? new Reported(Integer.parseInt(reported))
                    : new Unreported(child.exitValue());
        } finally {
            ScratchFolder.remove(folder);
        }
    }

    /** Waits for a child. */
    @FunctionalInterface
    public interface Watch<T> {
        T await(Process child) throws IOException;
    }

    /**
     * Waits for a child on the caller's thread; ends it when {@code watch} returns or throws, or when this JVM shuts
     * down.
     *
     * @param end ends a child that still runs
     */
    public static <T> T watch(Process child, Consumer<Process> end, Watch<T> watch) throws IOException {
        Thread stop = new Thread(() -> end.accept(child), "detent-child");
        Runtime.getRuntime().addShutdownHook(stop);
        try {
            return watch.await(child);
        } finally {
            end.accept(child);
            try {
                Runtime.getRuntime().removeShutdownHook(stop);
            } catch (IllegalStateException e) {
                // This process is ending as well; the hook finds no child any more.
                stop.interrupt();
            }
        }
    }

    private static boolean isOver(Process child, Optional<Duration> timeout) {
        try {
            if (timeout.isPresent()) {
                return child.waitFor(timeout.get().toSeconds(), TimeUnit.SECONDS);
            }
            child.waitFor();
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InternalException(
                    InternalProblems.INTERRUPTED, "the run was interrupted, and its process ended", "", e);
        }
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
