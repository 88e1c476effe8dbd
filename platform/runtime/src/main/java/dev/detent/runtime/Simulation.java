package dev.detent.runtime;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.run.Simulator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntConsumer;

/**
 * The network as it is quantized, or the float one, from its inputs to its outputs. Thread-safe for running; configs
 * must not move meanwhile.
 */
public interface Simulation extends AutoCloseable {

    /** Nothing is watched. */
    static Simulation of(Graph graph, Quantization quantization) {
        return of(graph, Optional.of(quantization), Set.of(), OrtOptimizationLevel.ALL);
    }

    /**
     * In one session where ONNX Runtime has operators for every config that is active, cut into segments otherwise.
     *
     * @param watched float values that can be observed
     */
    static Simulation of(
            Graph graph,
            Optional<? extends Quantization> quantization,
            Set<String> watched,
            OrtOptimizationLevel level) {
        Optional<FusedQdqSimulation> joined = FusedQdqSimulation.of(graph, quantization, watched, level);
        return joined.isPresent() ? joined.get() : SegmentedSimulation.of(graph, quantization, watched, level);
    }

    /** One pass over the samples with sketches of raw values; the merged sketches come back in order. */
    <S extends Sketch> List<S> observe(
            List<Simulator.Observation<S>> observations, Samples samples, int workers, IntConsumer progress);

    /** One pass over the samples that hands out outputs. */
    void forEach(Samples samples, int workers, IntConsumer progress, SegmentedSimulation.OutputSink sink);

    /**
     * A simulation built now from the same graph, and from parameters that have not changed, would quantize in the same
     * places: this one may be used although configs have been calibrated anew since.
     */
    boolean serves(Quantization quantization);

    @Override
    void close();
}
