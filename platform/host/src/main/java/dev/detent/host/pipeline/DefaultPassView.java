package dev.detent.host.pipeline;

import dev.detent.host.plan.Step;
import dev.detent.runtime.ConstantEvaluator;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.observe.Observers;
import dev.detent.spi.option.Options;
import dev.detent.spi.pass.PassView;
import dev.detent.spi.quant.Quantization;
import java.util.Optional;

/** What one pass run may look at. */
record DefaultPassView(
        Step.RunPass step, Graph graph, Quantization quantization, Observers observers, boolean hasSamples)
        implements PassView {

    @Override
    public Optional<Tensor> constant(String value) {
        return ConstantEvaluator.evaluate(graph, value);
    }

    @Override
    public Options options() {
        return step.options();
    }
}
