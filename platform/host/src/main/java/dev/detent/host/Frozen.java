package dev.detent.host;

import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.quant.Quantization;

/** The finished model as exporters see it: every call hands out a fresh copy of the graph. */
public record Frozen(String name, String target, Graph source, Quantization quantization) implements QuantizedModel {

    @Override
    public Graph graph() {
        return source.copy();
    }
}
