package dev.detent.spi.problem;

import dev.detent.spi.Stable;
import java.util.List;

/** The input, the options or the environment is wrong and the user can mend it. Exit code 2, no stack trace. */
@Stable(since = "1.0")
public final class UserException extends DetentException {

    private static final long serialVersionUID = 1;

    /** One problem; {@code where} is {@code ""} when there is no place to name. */
    public UserException(ProblemType type, String sentence, String where) {
        this(List.of(Problem.error(type, sentence, where)), null);
    }

    /** One problem and what it came from. */
    public UserException(ProblemType type, String sentence, String where, Throwable cause) {
        this(List.of(Problem.error(type, sentence, where)), cause);
    }

    /** One problem; {@code where} is {@code ""} when there is no place to name. */
    public UserException(String id, String sentence, String where) {
        this(List.of(Problem.error(id, sentence, where)), null);
    }

    /** One problem and what it came from. */
    public UserException(String id, String sentence, String where, Throwable cause) {
        this(List.of(Problem.error(id, sentence, where)), cause);
    }

    /** Several problems at once. */
    public UserException(List<Problem> problems, @org.jspecify.annotations.Nullable Throwable cause) {
        super(problems, cause);
    }

    @Override
    public int exitCode() {
        return 2;
    }
}
