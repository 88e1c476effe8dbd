package dev.detent.spi.problem;

import java.util.List;

/** The input, the options or the environment is wrong and the user can mend it. Exit code 2, no stack trace. */
public final class UserException extends DetentException {

    private static final long serialVersionUID = 1;

    public UserException(String id, String sentence, String where) {
        this(List.of(Problem.error(id, sentence, where)), null);
    }

    public UserException(String id, String sentence, String where, Throwable cause) {
        this(List.of(Problem.error(id, sentence, where)), cause);
    }

    public UserException(List<Problem> problems, @org.jspecify.annotations.Nullable Throwable cause) {
        super(problems, cause);
    }

    @Override
    public int exitCode() {
        return 2;
    }
}
