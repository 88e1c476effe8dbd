package dev.detent.spi.run;

import dev.detent.spi.Experimental;
import dev.detent.spi.ImplementedByHost;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Forward passes of the model over the run's samples under the configs as they stand now: active slots quantize, the
 * others do not. What is observed is the raw value, before any quantization at its producer's or consumer's slot. What
 * a pass wants to see of the float network it declares: see {@link dev.detent.spi.pass.Pass#observes}.
 */
@Experimental(since = "1.0")
@ImplementedByHost
public interface Simulator {

    /**
     * One observation.
     *
     * @param value name of a float value (inner value, graph input or output)
     * @param kept key for sharing: observations of one value with the same key have sketches of one class, and the host
     *     may run one for all of them; empty for an observation that is not shared
     * @param samples how many samples the sketch sees, from the first on
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
     * @param limit upper bound of the number of samples, counted from the first
     */
    <S extends Sketch> List<S> observe(List<Observation<S>> observations, int limit);

    /** One pass over all samples. */
    default <S extends Sketch> List<S> observe(List<Observation<S>> observations) {
        return observe(observations, Integer.MAX_VALUE);
    }

    /**
     * A trial: the error of the model's float outputs, against the same graph with nothing quantized, if configs that
     * wait for calibration had these parameters. No config moves and the journal stays as it is. Only before
     * initializers are baked.
     *
     * @param trial parameters for INITIAL configs that are their own roots; those that follow them count too; empty for
     *     the error as the configs stand
     * @param limit upper bound of the number of samples, counted from the first
     * @return sum of squared differences over sum of squares; with several outputs, the mean over the outputs
     */
    double outputError(Map<? extends TensorQuantization, QuantizationParameters> trial, int limit);

    /**
     * The same error as the configs stand, but for some that are taken for float: them, and those that follow them. No
     * config moves and the journal stays as it is. Only before initializers are baked. Quick for values that are
     * computed; with initializers among them a model is built for each question.
     *
     * @param floats roots that quantize
     * @param limit at most so many samples, the first ones
     */
    double outputErrorWithout(Collection<? extends TensorQuantization> floats, int limit);
}
