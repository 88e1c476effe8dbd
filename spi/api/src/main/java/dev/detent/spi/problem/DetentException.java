package dev.detent.spi.problem;

import dev.detent.spi.Stable;
import java.util.List;
import java.util.stream.Collectors;

/** Base of the three exceptions that cross rooms; each carries the problems it is about and its exit code. */
@Stable(since = "1.0")
public abstract sealed class DetentException extends RuntimeException
        permits UserException, PluginException, InternalException {

    private static final long serialVersionUID = 1;

    private final transient List<Problem> problems;

    DetentException(List<Problem> problems, @org.jspecify.annotations.Nullable Throwable cause) {
        super(problems.stream().map(Problem::toString).collect(Collectors.joining("\n")), cause);
        this.problems = List.copyOf(problems);
    }

    /** What is wrong, at least one thing; the message has a line for each. */
    public List<Problem> problems() {
        return problems;
    }

    /** Exit code of a process that ends with this exception. */
    public abstract int exitCode();
}
