package dev.detent.spi.export;

import dev.detent.spi.ImplementedByPlugins;
import dev.detent.spi.Stable;
import dev.detent.spi.option.Option;
import java.util.List;

/**
 * Writes the files that one toolchain takes. Same model, same bytes: no clock, no host name. Called on the thread that
 * runs the job, once per run; an exporter keeps no state between calls. One whose files Detent can also read back is a
 * {@link ReadableExporter}; the files of any other cannot be verified, and {@code detent verify} says so.
 */
@Stable(since = "1.0")
@ImplementedByPlugins
public interface Exporter {

    /** What {@code --format} takes, e.g. {@code qdq}; unique among the exporters of a target. */
    String id();

    /** One line for a person who chooses a format: which files it writes, for which tool. */
    String summary();

    /** What a person can set by {@code --set <id>.option=value}; nothing unless overridden. */
    default List<Option<?>> options() {
        return List.of();
    }

    /**
     * Writes every file of the format through {@code context}.
     *
     * @throws dev.detent.spi.problem.UserException when the format has no place for something in the model, such as a
     *     name with a line break; nothing of the run is kept then
     */
    void export(QuantizedModel model, ExportContext context);
}
