package dev.detent.spi.run;

import dev.detent.spi.ImplementedByHost;
import dev.detent.spi.observe.Observer;
import java.util.List;
import java.util.function.Supplier;

/**
 * Forward passes of the model over the run's samples under the configs as they stand now: active slots quantize, the others do not.
 * What is observed is the raw value, before any quantization at its producer's or consumer's slot.
 */
@ImplementedByHost
public interface Simulator {

    /**
     * One observation.
     *
     * @param value name of a float value (inner value, graph input or output)
     * @param sketch what the observer keeps, by name: observations of one value with the same name may share one observer; empty when it
     *     is not to be shared
     * @param samples the observer is shown so many samples, the first ones
     * @param observer creates one observer per worker; they are merged in the end
     */
    record Observation(String value, String sketch, int samples, Supplier<Observer> observer) {

        /** An observation of every sample of the pass. */
        public Observation(String value, String sketch, Supplier<Observer> observer) {
            this(value, sketch, Integer.MAX_VALUE, observer);
        }

        /** An observation of its own. */
        public Observation(String value, Supplier<Observer> observer) {
            this(value, "", observer);
        }
    }

    /**
     * One pass over the samples; the result has one merged observer per observation, in order.
     *
     * @param limit at most so many samples, the first ones
     */
    List<Observer> observe(List<Observation> observations, int limit);

    /**
     * As {@link #observe(List, int)}, on the network with nothing quantized. What is seen depends on graph and samples alone, so a run for
     * several targets looks once.
     */
    List<Observer> observeFloat(List<Observation> observations, int limit);

    /** One pass over all samples. */
    default List<Observer> observe(List<Observation> observations) {
        return observe(observations, Integer.MAX_VALUE);
    }

    /**
     * Error of the model's float outputs under the configs as they stand, against the same graph with nothing quantized: sum of squared
     * differences over sum of squares, on the first {@code limit} samples. Only before parameters are baked.
     */
    double outputError(int limit);
}
