package dev.detent.spi.export;

import dev.detent.spi.ImplementedByHost;
import dev.detent.spi.Stable;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.quant.Quantization;

/** The frozen result: graph (baked values in its initializers) and configs. Nothing in it moves any more. */
@Stable(since = "1.0")
@ImplementedByHost
public interface QuantizedModel {

    /** Base name for files, without extension: the name of the model's file. */
    String name();

    /** Id of the target the model was made for. */
    String target();

    /** A private copy; an exporter may edit it. */
    Graph graph();

    /** The configs as they were when the model was frozen. */
    Quantization quantization();
}
