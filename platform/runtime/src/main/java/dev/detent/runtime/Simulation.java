package dev.detent.runtime;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.quant.Quantization;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntConsumer;

/** The quantized network from its inputs to its outputs, for those who only want outputs. Thread-safe for running; configs must not move meanwhile. */
public interface Simulation extends AutoCloseable {

    /** In one session where ONNX Runtime has operators for every config that is active, cut into segments otherwise. */
    static Simulation of(Graph graph, Quantization quantization) {
        Optional<JoinedModel> joined = JoinedModel.of(graph, quantization);
        return joined.isPresent() ? joined.get() : SegmentedModel.of(graph, Optional.of(quantization), Set.of(), Optimization.ALL);
    }

    /** One pass over the samples that hands out outputs. */
    void forEach(Samples samples, int workers, IntConsumer progress, SegmentedModel.OutputSink sink);

    /**
     * A simulation built now from the same graph, and from parameters that have not changed, would quantize in the same places: this one may
     * be used although configs have been calibrated anew since.
     */
    boolean serves(Quantization quantization);

    @Override
    void close();
}
