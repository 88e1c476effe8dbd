package dev.detent.host.plugin;

import dev.detent.host.problem.PluginProblems;
import dev.detent.spi.problem.InternalException;
import dev.detent.spi.problem.PluginException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * Runs the code of plugins that are being loaded on a thread of its own, so that one that never comes back is noticed
 * and named. The thread is left to itself then; the process is about to end.
 */
final class LoadingDeadline {

    /** Ours take milliseconds; one that unpacks a native library or asks a licence server takes seconds. */
    private static final Duration EACH = Duration.ofSeconds(30);

    private record Loading(String plugin, long since) {}

    private volatile Loading now = new Loading("", System.nanoTime());

    private LoadingDeadline() {}

    /** @param work says with {@link #begin} whose code comes next */
    static <T> T run(Function<LoadingDeadline, T> work) {
        LoadingDeadline deadline = new LoadingDeadline();
        FutureTask<T> task = new FutureTask<>(() -> work.apply(deadline));
        Thread thread = new Thread(task, "detent-plugins");
        thread.setDaemon(true);
        thread.start();
        while (true) {
            Loading loading = deadline.now;
            long left = EACH.toNanos() - (System.nanoTime() - loading.since());
            try {
                return task.get(Math.max(0, left), TimeUnit.NANOSECONDS);
            } catch (TimeoutException e) {
                if (deadline.now == loading) {
                    throw new PluginException(
                            PluginProblems.LOADING_TIME,
                            "loading it takes more than " + EACH.toSeconds()
                                    + " s; 'detent plugins disable' or 'detent plugins remove' takes it out of the way",
                            loading.plugin());
                }
            } catch (ExecutionException e) {
                if (e.getCause() instanceof RuntimeException r) {
                    throw r;
                }
                if (e.getCause() instanceof Error r) {
                    throw r;
                }
                throw new InternalException(
                        PluginProblems.INTERRUPTED, "loading plugins failed: " + e.getCause(), "", e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InternalException(PluginProblems.INTERRUPTED, "loading plugins was interrupted", "", e);
            }
        }
    }

    void begin(String plugin) {
        now = new Loading(plugin, System.nanoTime());
    }
}
