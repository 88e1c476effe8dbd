package dev.detent.spi.export;

import dev.detent.spi.Experimental;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What nodes and values of a graph are called in the Caffe network that was written.
 *
 * @param layers by node: the layer that makes the node's result, and holds its weights if it has any
 * @param blobs by value
 */
@Experimental(since = "1.0")
public record CaffeNames(Map<String, String> layers, Map<String, String> blobs) {

    /** Copies the maps; their order is that of the file. */
    public CaffeNames {
        layers = Collections.unmodifiableMap(new LinkedHashMap<>(layers));
        blobs = Collections.unmodifiableMap(new LinkedHashMap<>(blobs));
    }
}
