package dev.detent.spi.export;

import dev.detent.spi.ImplementedByHost;
import dev.detent.spi.Stable;
import dev.detent.spi.graph.Graph;
import java.util.Map;
import java.util.Set;

/**
 * The files of a finished run, as an exporter reads them back. A file that is missing or damaged is a UserException
 * that names it.
 */
@Stable(since = "1.0")
@ImplementedByHost
public interface Artifact {

    /** Base name of the files: {@link QuantizedModel#name()}. */
    String name();

    /** Names of all files. */
    Set<String> files();

    /** A UTF-8 text file. */
    String text(String fileName);

    /** A file as it is; the caller's own copy. */
    byte[] bytes(String fileName);

    /** An ONNX file with its external data; the caller's own graph. */
    Graph onnx(String fileName);

    /** A JSON object as maps, lists, strings, doubles and booleans, in the file's order. */
    Map<String, Object> json(String fileName);
}
