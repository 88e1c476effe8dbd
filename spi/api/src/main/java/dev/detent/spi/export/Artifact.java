package dev.detent.spi.export;

import dev.detent.spi.ImplementedByHost;
import dev.detent.spi.graph.Graph;
import java.util.Map;
import java.util.Set;

/**
 * The files of a finished run, as an exporter reads them back. A file that is missing or damaged is a UserException
 * that names it.
 */
@ImplementedByHost
public interface Artifact {

    /** Base name of the files: {@link QuantizedModel#name()}. */
    String name();

    /** Names of all files. */
    Set<String> files();

    String text(String fileName);

    byte[] bytes(String fileName);

    Graph onnx(String fileName);

    /** A JSON object as maps, lists, strings, doubles and booleans, in the file's order. */
    Map<String, Object> json(String fileName);
}
