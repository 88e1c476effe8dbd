package dev.detent.host.plugin;

import dev.detent.spi.problem.Problem;
import java.util.List;

/**
 * A file of the plugin folder that does not take part, and why.
 *
 * @param file its name
 * @param problems at least one
 */
public record RefusedPlugin(String file, List<Problem> problems) {

    /** Copies the list. */
    public RefusedPlugin {
        problems = List.copyOf(problems);
    }
}
