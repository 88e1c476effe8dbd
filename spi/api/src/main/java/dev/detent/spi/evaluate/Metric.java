package dev.detent.spi.evaluate;

import dev.detent.spi.Experimental;
import dev.detent.spi.ImplementedByPlugins;
import dev.detent.spi.option.Option;
import dev.detent.spi.option.Options;
import java.util.List;

/**
 * How good a quantized model is, by what its outputs are used for. The host runs both models over the evaluation data,
 * asks {@link #sample} for every sample, by several threads in any order, and {@link #value} once for all of them in
 * the order of the data: the result does not depend on threads.
 */
@Experimental(since = "1.0")
@ImplementedByPlugins
public interface Metric {

    /** What a person types after {@code --metric}: lower-case words joined by {@code -}, e.g. {@code box-f1}. */
    String id();

    /** One line for {@code detent metrics}. */
    String summary();

    /** Options of the metric, typed {@code id.option=value}. */
    default List<Option<?>> options() {
        return List.of();
    }

    /**
     * What one sample contributes, e.g. counts of hits and misses. Outputs with values that are not finite are handed
     * on as they are.
     *
     * @param reference outputs of the float model, in the model's order
     * @param quantized outputs of the quantized model, in the same order
     * @throws dev.detent.spi.problem.UserException when the outputs are not of the kind the metric is for
     */
    double[] sample(List<OutputTensor> reference, List<OutputTensor> quantized, Options options);

    /**
     * The metric over all samples: 1 when the quantized model is as good as the float one, lower when it is worse.
     *
     * @param samples what {@link #sample} gave, in the order of the data; not empty
     */
    double value(List<double[]> samples, Options options);
}
