package dev.detent.spi.export;

import dev.detent.spi.Experimental;
import dev.detent.spi.ImplementedByPlugins;
import dev.detent.spi.graph.Graph;

/**
 * An exporter whose file is the model itself with other nodes in it, and whose target needs no data. What lies in the
 * branches of If, Loop and Scan is then quantized too: the host runs the target's plan on each branch as on a model of
 * its own, before the plan of the graph around it ends, and puts the rewritten branch in its place. So the branch that
 * is simulated is the one that is written.
 */
@Experimental(since = "1.0")
@ImplementedByPlugins
public interface RewritingExporter extends Exporter {

    /**
     * The model as the file will hold it, or a branch of one. Called on the thread of the run; what it needs of other
     * domains stands in the graph's opsets, the version of ONNX's own operators stays.
     */
    Graph rewritten(QuantizedModel model);
}
