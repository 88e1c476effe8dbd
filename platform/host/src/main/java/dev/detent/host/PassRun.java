package dev.detent.host;

import dev.detent.runtime.Optimization;
import dev.detent.runtime.Samples;
import dev.detent.runtime.SegmentedModel;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.observe.Observer;
import dev.detent.spi.observe.Observers;
import dev.detent.spi.pass.Need;
import dev.detent.spi.pass.Options;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.problem.PluginException;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.StateControl;
import dev.detent.spi.run.Simulator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** What one pass run may touch. */
record PassRun(PassDescriptor descriptor, String plugin, Graph graph, Quantization quantization, StateControl states, Options options,
        Observers observers, Optional<Samples> samples, int workers, Progress progress, Consumer<Problem> problems) implements PassContext {

    @Override
    public GraphEditor editor() {
        if (!descriptor.editsGraph()) {
            throw new PluginException("DT-PAS-010", "pass '" + descriptor.id() + "' asked for the graph editor without declaring that it edits",
                    plugin);
        }
        return graph.edit();
    }

    @Override
    public Simulator simulator() {
        if (!descriptor.needs().contains(Need.SAMPLES)) {
            throw new PluginException("DT-PAS-011", "pass '" + descriptor.id() + "' asked for samples without declaring the need", plugin);
        }
        Samples data = samples.filter(s -> s.size() > 0).orElseThrow(() -> new UserException("DT-DAT-002", "pass '" + descriptor.id()
                + "' needs calibration data; give it with --calibration", ""));
        return new Simulator() {
            @Override
            public List<Observer> observe(List<Observation> observations, int limit) {
                return PassRun.this.observe(observations, data.first(limit));
            }

            @Override
            public double outputError(int limit) {
                return PassRun.this.outputError(data.first(limit));
            }
        };
    }

    private List<Observer> observe(List<Simulator.Observation> observations, Samples data) {
        Set<String> values = observations.stream().map(Simulator.Observation::value).collect(Collectors.toCollection(java.util.LinkedHashSet::new));
        Set<String> ordered = observations.stream().filter(o -> o.observer().get().needsOrder()).map(Simulator.Observation::value)
                .collect(Collectors.toSet());
        try (SegmentedModel model = SegmentedModel.of(graph, Optional.of(quantization), values, ordered, Optimization.ALL)) {
            return model.observe(observations, data, workers, done -> progress.at(descriptor.id(), done, data.size()));
        }
    }

    private double outputError(Samples data) {
        List<String> outputs = graph.outputs().stream().map(ValueInfo::name)
                .filter(o -> graph.valueInfo(o).map(v -> v.type() == ElementType.FLOAT).orElse(false)).toList();
        try (SegmentedModel reference = SegmentedModel.of(graph, Optional.empty(), Set.of(), Optimization.ALL);
                SegmentedModel simulated = SegmentedModel.of(graph, Optional.of(quantization), Set.of(), Optimization.ALL)) {
            Scores.Reference exact = new Scores.Reference(outputs, data, (s, sink) -> reference.forEach(s, workers, d -> { }, sink));
            return Math.pow(10, -exact.score((s, sink) -> simulated.forEach(s, workers, d -> { }, sink), Optional.empty()).snr() / 10);
        }
    }

    @Override
    public void report(Problem problem) {
        problems.accept(problem);
    }
}
