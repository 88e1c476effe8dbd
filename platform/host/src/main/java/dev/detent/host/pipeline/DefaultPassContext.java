package dev.detent.host.pipeline;

import dev.detent.runtime.ConstantEvaluator;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.observe.Observers;
import dev.detent.spi.option.Options;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.pass.PassRequirement;
import dev.detent.spi.problem.PluginException;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.StateControl;
import dev.detent.spi.run.Simulator;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/** What one pass run may touch. */
record DefaultPassContext(
        PassDescriptor descriptor,
        String plugin,
        Graph graph,
        Quantization quantization,
        StateControl states,
        Options options,
        Observers observers,
        Optional<CalibrationSimulator> passSimulator,
        Consumer<Problem> problems)
        implements PassContext {

    @Override
    public Optional<Tensor> constant(String value) {
        return ConstantEvaluator.evaluate(graph, value);
    }

    @Override
    public GraphEditor editor() {
        if (!descriptor.editsGraph()) {
            throw new PluginException(
                    "DT-PAS-010",
                    "pass '" + descriptor.id() + "' asked for the graph editor without declaring that it edits",
                    plugin);
        }
        return graph.edit();
    }

    @Override
    public Simulator simulator() {
        if (!descriptor.needs().contains(PassRequirement.SAMPLES)) {
            throw new PluginException(
                    "DT-PAS-011",
                    "pass '" + descriptor.id() + "' asked for samples without declaring the need",
                    plugin);
        }
        return passSimulator.orElseThrow(() -> new UserException(
                "DT-DAT-002", "pass '" + descriptor.id() + "' needs calibration data; give it with --calibration", ""));
    }

    @Override
    public void report(Problem problem) {
        problems.accept(Objects.requireNonNull(problem, "problem"));
    }
}
