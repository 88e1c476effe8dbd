package dev.detent.host.pipeline;

import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.quant.Quantization;

/** The finished model as exporters see it: every call hands out a fresh copy of the graph. */
public record FrozenQuantizedModel(String name, String target, Graph source, Quantization quantization)
        implements QuantizedModel {

    @Override
    public Graph graph() {
        return source.copy();
    }
}
