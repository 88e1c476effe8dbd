package dev.detent.host.progress;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;

/**
 * A value that a thread of its own makes while the caller does something else. Closing waits for the thread, whatever
 * became of it.
 */
public final class BackgroundTask<T> implements AutoCloseable {

    private final FutureTask<T> task;

    private BackgroundTask(FutureTask<T> task) {
        this.task = task;
    }

    /** @param name of the thread */
    public static <T> BackgroundTask<T> of(String name, Supplier<T> value) {
        BackgroundTask<T> ahead = new BackgroundTask<>(new FutureTask<>(value::get));
        Thread thread = new Thread(ahead.task, name);
        thread.setDaemon(true);
        thread.start();
        return ahead;
    }

    /** The value, or the failure it ended with. */
    public T get() {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return task.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    if (e.getCause() instanceof Error error) {
                        throw error;
                    }
                    throw (RuntimeException) e.getCause();
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public void close() {
        try {
            get();
        } catch (RuntimeException | Error e) {
            // Whoever wanted the value has seen it; thrown again, it would stand in its own way as its suppressed one.
        }
    }
}
