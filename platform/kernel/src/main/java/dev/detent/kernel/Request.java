package dev.detent.kernel;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.Transition;

/**
 * A verb that was asked of a config, with what came with it: all that a {@link Precondition} may look at.
 *
 * @param graph the model; only read
 * @param reason the pass's own words, for the journal
 */
record Request(Transition verb, TensorConfig config, Evidence evidence, Graph graph, String reason) {

    /** What a verb needs besides the config. */
    sealed interface Evidence {}

    enum Nothing implements Evidence {
        NOTHING
    }

    /** The config that will be followed, or that covers. */
    record Leader(TensorConfig config) implements Evidence {}

    record Parameters(QuantizationParameters qparams) implements Evidence {}

    record NewScheme(Scheme scheme) implements Evidence {}

    record NewValues(Tensor tensor) implements Evidence {}

    TensorConfig leader() {
        return ((Leader) evidence).config();
    }

    QuantizationParameters qparams() {
        return ((Parameters) evidence).qparams();
    }

    Scheme scheme() {
        return ((NewScheme) evidence).scheme();
    }

    Tensor values() {
        return ((NewValues) evidence).tensor();
    }
}
