package dev.detent.host.pipeline;

import dev.detent.host.plan.Step;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.pass.Placement;
import dev.detent.spi.quant.Quantization;
import java.util.Map;

/**
 * Told after every step of a plan how the model stands. Called on the thread that runs the pipeline; what it throws
 * ends the run. Public: harnesses and embedding programs listen through it.
 */
public interface PipelineListener {

    /** Listens to nothing. */
    PipelineListener NONE = (step, model) -> {};

    /**
     * Read view of a model after a step, valid during the call.
     *
     * @param quantization empty of configs before the rules were applied
     * @param placements by node name; empty before nodes were placed
     */
    record Model(Graph graph, Quantization quantization, Map<String, Placement> placements) {}

    void after(Step step, Model model);
}
