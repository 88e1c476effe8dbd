package dev.detent.cli;

import dev.detent.host.plugin.PluginHost;
import dev.detent.host.problem.PluginProblems;
import dev.detent.host.process.SupervisedProcess;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

/**
 * How this process ends. Success is what the command reports: when Java goes down because somebody, which can only be a
 * plugin, called System.exit before that, the plugin is named and the exit code is 3. Threads and shutdown hooks that
 * plugins leave behind do not keep the process. Signals end it as ever.
 */
final class ProcessEnd {

    /** Hooks of ours take milliseconds. */
    private static final int HOOKS_MS = 5_000;

    private static final int PAUSE_MS = 20;
    private static final int CONTRACT_BROKEN = 3;
    private static final String CLEANUP = "detent-cleanup";

    private volatile boolean reported;

    private ProcessEnd() {}

    /** Watches from now on. */
    static ProcessEnd watch() {
        ProcessEnd end = new ProcessEnd();
        Runtime.getRuntime().addShutdownHook(new Thread(end::judge, "detent-end"));
        return end;
    }

    /** The command is over. */
    void exit(int code) {
        reported = true;
        SupervisedProcess.report(code);
        Thread halt = new Thread(
                () -> {
                    pause(HOOKS_MS);
                    Runtime.getRuntime().halt(code);
                },
                "detent-halt");
        halt.setDaemon(true);
        halt.start();
        System.exit(code);
    }

    private void judge() {
        if (reported) {
            return;
        }
        Map<Thread, StackTraceElement[]> stacks = Thread.getAllStackTraces();
        Optional<StackTraceElement[]> exiting =
                stacks.values().stream().filter(ProcessEnd::isExiting).findFirst();
        if (exiting.isEmpty()) {
            // A signal.
            return;
        }
        String plugin = PluginHost.owner(exiting.get()).orElse("a plugin");
        System.err.println(Console.printable("error " + PluginProblems.ENDED_PROCESS.id() + ": " + plugin
                + ": ended the process before the command was done (System.exit), which a plugin may not do; nothing was"
                + " written; 'detent plugins disable' takes it out of the way"));
        cleaned();
        Runtime.getRuntime().halt(CONTRACT_BROKEN);
    }

    private static boolean isExiting(StackTraceElement[] stack) {
        return Arrays.stream(stack)
                .anyMatch(f -> f.getClassName().equals("java.lang.Runtime")
                        && f.getMethodName().equals("exit"));
    }

    /** Waits for our own hooks, which run beside this one; the plugin's may hang. */
    private static void cleaned() {
        long until = System.nanoTime() + HOOKS_MS * 1_000_000L;
        do {
            pause(5 * PAUSE_MS);
        } while (System.nanoTime() < until
                && Thread.getAllStackTraces().keySet().stream()
                        .anyMatch(t -> t.getName().equals(CLEANUP)));
    }

    private static void pause(int milliseconds) {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
