package dev.detent.spi.problem;

import dev.detent.spi.Stable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A plugin broke its contract; the message blames it by id. Exit code 3. */
@Stable(since = "1.0")
public final class PluginException extends DetentException {

    private static final long serialVersionUID = 1;

    /** One problem of a plugin, named by id and version. */
    public PluginException(ProblemType type, String sentence, String plugin) {
        this(List.of(Problem.error(type, sentence, plugin)), null);
    }

    /** One problem of a plugin, named by id and version. */
    public PluginException(String id, String sentence, String plugin) {
        this(List.of(Problem.error(id, sentence, plugin)), null);
    }

    /** Several problems at once, each with the plugin at its {@code where}. */
    public PluginException(List<Problem> problems, @Nullable Throwable cause) {
        super(problems, cause);
    }

    @Override
    public int exitCode() {
        return 3;
    }
}
