package dev.detent.spi;

import java.util.Map;

/** What lies beside the plugin jars; may be injected into an extension's constructor. */
@Experimental(since = "1.0")
@ImplementedByHost
public interface PluginFolder {

    /**
     * The {@code *.yaml} files of the folder, read, by file name in alphabetical order. A file that is no YAML map is a
     * UserException that names it.
     */
    Map<String, Map<String, Object>> documents();
}
