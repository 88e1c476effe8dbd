package dev.detent.spi.pass;

import dev.detent.spi.ImplementedByPlugins;
import dev.detent.spi.Stable;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.run.Simulator.Observation;
import java.util.List;

/**
 * One step of the pipeline, in two phases: it says what it wants to see, then it acts on what was seen. Progress,
 * timing, invariants and journal are the host's; a pass only passes. Stateless: one instance may serve many runs, one
 * after the other or side by side.
 */
@Stable(since = "1.0")
@ImplementedByPlugins
@FunctionalInterface
public interface Pass {

    /**
     * What the pass wants to observe of the float network before it runs. The host calls this when everything the pass
     * requires holds, directly before {@link #run}, joins the answers of all targets of a run into one look at the
     * data, and hands the merged sketches out through {@link PassContext#observed}. Values must be float and every
     * observation named ({@link Observation#kept}); equal names on one value mean sketches of one class that see the
     * same. A pass that asks for anything must have declared {@link PassRequirement#SAMPLES}.
     *
     * @return in any order, without side effects; empty when the pass needs no data
     */
    default List<? extends Observation<? extends Sketch>> observes(PassView view) {
        return List.of();
    }

    /**
     * Does the step, once, on the thread that runs the pipeline. What it throws, but for a UserException, ends the run
     * with the plugin's name.
     */
    void run(PassContext context);
}
