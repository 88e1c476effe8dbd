package dev.detent.spi.run;

import dev.detent.spi.ImplementedByHost;
import dev.detent.spi.observe.Sketch;
import java.util.List;
import java.util.function.Supplier;

/**
 * Forward passes of the model over the run's samples under the configs as they stand now: active slots quantize, the
 * others do not. What is observed is the raw value, before any quantization at its producer's or consumer's slot.
 */
@ImplementedByHost
public interface Simulator {

    /**
     * One observation.
     *
     * @param value name of a float value (inner value, graph input or output)
     * @param kept what the sketch keeps, by name: observations of one value with the same name are of one class and may
     *     share one sketch; empty when it is not to be shared
     * @param samples the sketch is shown so many samples, the first ones
     * @param sketch creates one sketch per worker; they are merged in the end
     */
    record Observation<S extends Sketch>(String value, String kept, int samples, Supplier<? extends S> sketch) {

        /** An observation of every sample of the pass. */
        public Observation(String value, String kept, Supplier<? extends S> sketch) {
            this(value, kept, Integer.MAX_VALUE, sketch);
        }

        /** An observation of its own. */
        public Observation(String value, Supplier<? extends S> sketch) {
            this(value, "", sketch);
        }
    }

    /**
     * One pass over the samples; the result has one merged sketch per observation, in order.
     *
     * @param limit at most so many samples, the first ones
     */
    <S extends Sketch> List<S> observe(List<Observation<S>> observations, int limit);

    /**
     * As {@link #observe(List, int)}, on the network with nothing quantized. What is seen depends on graph and samples
     * alone, so a run for several targets looks once.
     */
    <S extends Sketch> List<S> observeFloat(List<Observation<S>> observations, int limit);

    /** One pass over all samples. */
    default <S extends Sketch> List<S> observe(List<Observation<S>> observations) {
        return observe(observations, Integer.MAX_VALUE);
    }

    /**
     * Error of the model's float outputs under the configs as they stand, against the same graph with nothing
     * quantized: sum of squared differences over sum of squares, on the first {@code limit} samples. Only before
     * parameters are baked.
     */
    double outputError(int limit);
}
