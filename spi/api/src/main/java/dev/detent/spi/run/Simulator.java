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
     * @param observer creates one observer per worker; they are merged in the end
     */
    record Observation(String value, Supplier<Observer> observer) {}

    /** One pass over all samples; the result has one merged observer per observation, in order. */
    List<Observer> observe(List<Observation> observations);
}
