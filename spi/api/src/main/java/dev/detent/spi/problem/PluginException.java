package dev.detent.spi.problem;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A plugin broke its contract; the message blames it by id. Exit code 3. */
public final class PluginException extends DetentException {

    private static final long serialVersionUID = 1;

    public PluginException(String id, String sentence, String plugin) {
        this(List.of(Problem.error(id, sentence, plugin)), null);
    }

    public PluginException(List<Problem> problems, @Nullable Throwable cause) {
        super(problems, cause);
    }

    @Override
    public int exitCode() {
        return 3;
    }
}
