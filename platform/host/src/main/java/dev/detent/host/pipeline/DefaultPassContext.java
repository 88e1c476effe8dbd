package dev.detent.host.pipeline;

import dev.detent.host.plan.Step;
import dev.detent.host.problem.PipelineProblems;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.observe.Observers;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.option.Options;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassRequirement;
import dev.detent.spi.pass.PassView;
import dev.detent.spi.problem.PluginException;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.StateControl;
import dev.detent.spi.run.Differentiator;
import dev.detent.spi.run.Simulator;
import dev.detent.spi.run.Simulator.Observation;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What one pass run may touch.
 *
 * @param seen finished observations, by key
 * @param key gives the key of an observation
 * @param runs give the simulator and the differentiator
 */
record DefaultPassContext(
        Step.RunPass step,
        PassView view,
        StateControl states,
        Map<FloatObservations.Key, Sketch> seen,
        Function<Observation<?>, FloatObservations.Key> key,
        Runs runs,
        Consumer<Problem> problems)
        implements PassContext {

    /** Each throws when there is no calibration data. */
    record Runs(Supplier<Simulator> simulator, Supplier<Differentiator> differentiator) {}

    @Override
    public Graph graph() {
        return view.graph();
    }

    @Override
    public Optional<Tensor> constant(String value) {
        return view.constant(value);
    }

    @Override
    public Quantization quantization() {
        return view.quantization();
    }

    @Override
    public Options options() {
        return view.options();
    }

    @Override
    public Observers observers() {
        return view.observers();
    }

    @Override
    public GraphEditor editor() {
        if (!step.pass().descriptor().editsGraph()) {
            throw new PluginException(
                    PipelineProblems.EDITS_UNDECLARED,
                    "pass '" + step.id() + "' asked for the graph editor without declaring that it edits",
                    step.plugin());
        }
        return view.graph().edit();
    }

    /** Observations of one value under one name are of one class, as {@link Observation} says. */
    @Override
    @SuppressWarnings("unchecked")
    public <S extends Sketch> Optional<S> observed(Observation<S> observation) {
        return Optional.ofNullable((S) seen.get(key.apply(observation)));
    }

    @Override
    public Simulator simulator() {
        refuseUndeclaredSamples();
        return runs.simulator().get();
    }

    @Override
    public Differentiator differentiator() {
        refuseUndeclaredSamples();
        return runs.differentiator().get();
    }

    private void refuseUndeclaredSamples() {
        if (!step.pass().descriptor().needs().contains(PassRequirement.SAMPLES)) {
            throw new PluginException(
                    PipelineProblems.SAMPLES_UNDECLARED,
                    "pass '" + step.id() + "' asked for samples without declaring the need",
                    step.plugin());
        }
    }

    @Override
    public void report(Problem problem) {
        problems.accept(Objects.requireNonNull(problem, "problem"));
    }
}
