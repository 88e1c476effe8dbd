package dev.detent.runtime;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

/** Runs the same job on several threads; the first failure stops the others and is thrown to the caller. */
final class Workers {

    /** A worker looks at {@code stop} between samples. */
    @FunctionalInterface
    interface Job {
        void work(AtomicBoolean stop);
    }

    private Workers() {}

    static void run(int count, Job job) {
        AtomicBoolean stop = new AtomicBoolean();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Runnable guarded = () -> {
            try {
                job.work(stop);
            } catch (Throwable e) {
                failure.compareAndSet(null, e);
                stop.set(true);
            }
        };
        List<Thread> threads = new ArrayList<>();
        for (int i = 1; i < count; i++) {
            Thread t = new Thread(guarded, "detent-worker-" + i);
            t.setDaemon(true);
            t.start();
            threads.add(t);
        }
        guarded.run();
        for (Thread t : threads) {
            try {
                t.join();
            } catch (InterruptedException e) {
                stop.set(true);
                Thread.currentThread().interrupt();
            }
        }
        Throwable e = failure.get();
        if (e instanceof RuntimeException r) {
            throw r;
        }
        if (e instanceof Error r) {
            throw r;
        }
    }
}
