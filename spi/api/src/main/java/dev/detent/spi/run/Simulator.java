package dev.detent.spi.run;

import dev.detent.spi.Experimental;
import dev.detent.spi.ImplementedByHost;
import dev.detent.spi.graph.Tensor;
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
     * What the network is taken to be for one question about its outputs, beside its configs as they stand.
     *
     * @param parameters for INITIAL configs that are their own roots; those that follow them count too
     * @param floats roots that quantize and are taken for float, and with them those that follow them
     * @param initializers other values, such as biases that a later pass will correct
     */
    record Trial(
            Map<? extends TensorQuantization, QuantizationParameters> parameters,
            Collection<? extends TensorQuantization> floats,
            Map<String, Tensor> initializers) {

        /** The configs as they stand. */
        public static final Trial NONE = new Trial(Map.of(), List.of(), Map.of());

        /** With parameters for configs that wait for them. */
        public Trial with(Map<? extends TensorQuantization, QuantizationParameters> these) {
            return new Trial(these, floats, initializers);
        }

        /** Without quantization at some roots. */
        public Trial without(Collection<? extends TensorQuantization> roots) {
            return new Trial(parameters, roots, initializers);
        }

        /** With other values for initializers. */
        public Trial withInitializers(Map<String, Tensor> values) {
            return new Trial(parameters, floats, values);
        }
    }

    /**
     * The error of the model's float outputs in a trial, against the graph as it is with nothing quantized. No config
     * moves and the journal stays as it is. Only before initializers are baked. Quick for trials that differ in
     * parameters, or in which values that are computed are float; for other initializers, and for initializers that are
     * float, a model is built.
     *
     * @param limit upper bound of the number of samples, counted from the first
     * @return sum of squared differences over sum of squares; with several outputs, the mean over the outputs
     */
    double outputError(Trial trial, int limit);
}
