package dev.detent.spi.pass;

import dev.detent.spi.ImplementedByHost;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.observe.Observers;
import dev.detent.spi.option.Options;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.StateControl;
import dev.detent.spi.run.Simulator;
import java.util.Optional;

/** Everything a pass may touch, for the duration of {@link Pass#run} on its thread. */
@ImplementedByHost
public interface PassContext {

    Graph graph();

    /**
     * What a value holds that depends on constants alone, an initializer or computed from some; empty for any other.
     */
    Optional<Tensor> constant(String value);

    /** Only for a pass that declared {@code editsGraph}. */
    GraphEditor editor();

    Quantization quantization();

    StateControl states();

    Options options();

    /** Only for a pass that declared {@link PassRequirement#SAMPLES}. */
    Simulator simulator();

    Observers observers();

    /** Something the person should know; ERROR problems stop the run after the pass. */
    void report(Problem problem);
}
