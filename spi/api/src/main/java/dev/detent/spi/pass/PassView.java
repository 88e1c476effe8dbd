package dev.detent.spi.pass;

import dev.detent.spi.Experimental;
import dev.detent.spi.ImplementedByHost;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.observe.Observers;
import dev.detent.spi.option.Options;
import dev.detent.spi.quant.Quantization;
import java.util.Optional;

/** What a pass may look at before it runs: the model as it stands, its configs and the pass's options. */
@Experimental(since = "1.0")
@ImplementedByHost
public interface PassView {

    /** The model; not to be changed. */
    Graph graph();

    /**
     * What a value holds that depends on constants alone, an initializer or computed from some; empty for any other.
     */
    Optional<Tensor> constant(String value);

    /** The configs as they stand. */
    Quantization quantization();

    /** What the person set of the pass's options. */
    Options options();

    /** The observers of all plugins. */
    Observers observers();

    /**
     * Whether there are samples for {@link PassContext#simulator} and {@link PassContext#differentiator}; without, a
     * run may still have statistics that an earlier one kept, which serve what {@link Pass#observes} asks for.
     */
    default boolean hasSamples() {
        return true;
    }
}
