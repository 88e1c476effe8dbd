package dev.detent.spi.problem;

import dev.detent.spi.Stable;
import java.util.Objects;

/**
 * One thing that is wrong, in one sentence a person can act on.
 *
 * @param id stable, e.g. {@code DT-PLG-003}; the prefix names the room, the number never changes its meaning
 * @param severity how bad it is
 * @param sentence what is wrong and the way out
 * @param where the file, tensor, node or plugin concerned; empty when there is none
 */
@Stable(since = "1.0")
public record Problem(String id, Severity severity, String sentence, String where) {

    /** ERROR stops the run, WARNING is shown, NOTE goes to the report only. */
    public enum Severity {
        /** The run ends. */
        ERROR,
        /** The person is told, the run goes on. */
        WARNING,
        /** For the report. */
        NOTE
    }

    /** Refuses null. */
    public Problem {
        Objects.requireNonNull(id);
        Objects.requireNonNull(severity);
        Objects.requireNonNull(sentence);
        Objects.requireNonNull(where);
    }

    /** What ends the run. */
    public static Problem error(ProblemType type, String sentence, String where) {
        return new Problem(type.id(), Severity.ERROR, sentence, where);
    }

    /** What a person should know. */
    public static Problem warning(ProblemType type, String sentence, String where) {
        return new Problem(type.id(), Severity.WARNING, sentence, where);
    }

    /** What stands in the report only. */
    public static Problem note(ProblemType type, String sentence, String where) {
        return new Problem(type.id(), Severity.NOTE, sentence, where);
    }

    /** What ends the run. */
    public static Problem error(String id, String sentence, String where) {
        return new Problem(id, Severity.ERROR, sentence, where);
    }

    /** What a person should know. */
    public static Problem warning(String id, String sentence, String where) {
        return new Problem(id, Severity.WARNING, sentence, where);
    }

    /** What stands in the report only. */
    public static Problem note(String id, String sentence, String where) {
        return new Problem(id, Severity.NOTE, sentence, where);
    }

    @Override
    public String toString() {
        return id + ": " + (where.isEmpty() ? "" : where + ": ") + sentence;
    }
}
