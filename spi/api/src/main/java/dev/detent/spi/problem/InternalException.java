package dev.detent.spi.problem;

import dev.detent.spi.Stable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Detent itself is wrong. Exit code 70; the host writes a reproducer and names it. */
@Stable(since = "1.0")
public final class InternalException extends DetentException {

    private static final long serialVersionUID = 1;

    /** One problem; {@code where} is {@code ""} when there is no place to name. */
    public InternalException(ProblemType type, String sentence, String where, @Nullable Throwable cause) {
        super(List.of(Problem.error(type, sentence, where)), cause);
    }

    /** One problem; {@code where} is {@code ""} when there is no place to name. */
    public InternalException(String id, String sentence, String where, @Nullable Throwable cause) {
        super(List.of(Problem.error(id, sentence, where)), cause);
    }

    @Override
    public int exitCode() {
        return 70;
    }
}
