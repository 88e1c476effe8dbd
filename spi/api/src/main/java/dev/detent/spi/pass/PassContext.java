package dev.detent.spi.pass;

import dev.detent.spi.Experimental;
import dev.detent.spi.ImplementedByHost;
import dev.detent.spi.Stable;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.quant.StateControl;
import dev.detent.spi.run.Differentiator;
import dev.detent.spi.run.Simulator;
import dev.detent.spi.run.Simulator.Observation;
import java.util.Optional;

/** Everything a pass may touch, for the duration of {@link Pass#run} on its thread. */
@Stable(since = "1.0")
@ImplementedByHost
public interface PassContext extends PassView {

    /** Only for a pass that declared {@code editsGraph}. */
    GraphEditor editor();

    /** The verbs that move configs; only those the pass declared, only during the run, only on its thread. */
    StateControl states();

    /**
     * The merged sketch of an observation that {@link Pass#observes} asked for: one of the same value, name and number
     * of samples. It may be shared with other targets, so a pass reads it and leaves it as it is.
     *
     * @return empty when {@code observes} did not ask for it
     */
    <S extends Sketch> Optional<S> observed(Observation<S> observation);

    /** The network as it is quantized now. Only for a pass that declared {@link PassRequirement#SAMPLES}. */
    Simulator simulator();

    /**
     * Gradients of the network as it is quantized now. Only for a pass that declared {@link PassRequirement#SAMPLES}.
     */
    @Experimental(since = "1.0")
    Differentiator differentiator();

    /** Something the person should know; ERROR problems stop the run after the pass. */
    void report(Problem problem);
}
