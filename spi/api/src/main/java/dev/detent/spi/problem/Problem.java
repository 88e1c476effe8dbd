package dev.detent.spi.problem;

import java.util.Objects;

/**
 * One thing that is wrong, in one sentence a person can act on.
 *
 * @param id stable, e.g. {@code DT-PLG-003}; the prefix names the room, the number never changes its meaning
 * @param severity how bad it is
 * @param sentence what is wrong and the way out
 * @param where the file, tensor, node or plugin concerned; empty when there is none
 */
public record Problem(String id, Severity severity, String sentence, String where) {

    /** ERROR stops the run, WARNING is shown, NOTE goes to the report only. */
    public enum Severity {
        ERROR,
        WARNING,
        NOTE
    }

    public Problem {
        Objects.requireNonNull(id);
        Objects.requireNonNull(severity);
        Objects.requireNonNull(sentence);
        Objects.requireNonNull(where);
    }

    public static Problem error(String id, String sentence, String where) {
        return new Problem(id, Severity.ERROR, sentence, where);
    }

    public static Problem warning(String id, String sentence, String where) {
        return new Problem(id, Severity.WARNING, sentence, where);
    }

    public static Problem note(String id, String sentence, String where) {
        return new Problem(id, Severity.NOTE, sentence, where);
    }

    @Override
    public String toString() {
        return id + ": " + (where.isEmpty() ? "" : where + ": ") + sentence;
    }
}
