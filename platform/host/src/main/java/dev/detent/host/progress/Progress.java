package dev.detent.host.progress;

/** Told how far long work has come; may be called by worker threads. */
@FunctionalInterface
public interface Progress {

    Progress QUIET = (what, done, total) -> {};

    void at(String what, int done, int total);
}
