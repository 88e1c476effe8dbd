package dev.detent.host.pipeline;

import dev.detent.host.evaluate.EvaluationMetrics;
import dev.detent.host.progress.Progress;
import dev.detent.runtime.OrtOptimizationLevel;
import dev.detent.runtime.Samples;
import dev.detent.runtime.SegmentedSimulation;
import dev.detent.runtime.Simulation;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.run.Simulator;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The simulator of one pass run. Keeps the partitioned model between two observations of the same values while no
 * config has moved, and the simulated model between two trials.
 */
final class CalibrationSimulator implements Simulator, AutoCloseable {

    /**
     * What the simulators of all passes of a run share.
     *
     * @param workers samples run side by side
     */
    record Setting(Samples samples, int workers, Progress progress, FloatObservations floats) {}

    /** What a partitioned model was built for. */
    private record Key(Set<String> values, int moves, int revision) {}

    private final String pass;
    private final Graph graph;
    private final Quantization quantization;
    private final IntSupplier moves;
    private final Setting setting;
    private final TrialQuantization trial;
    private @Nullable Key key;
    private @Nullable Simulation model;
    private @Nullable Simulation tried;
    private int triedRevision;
    private @Nullable SegmentedSimulation switched;
    private @Nullable Key switchedKey;

    /** @param moves changes whenever a config moves */
    CalibrationSimulator(String pass, Graph graph, Quantization quantization, IntSupplier moves, Setting setting) {
        this.pass = pass;
        this.graph = graph;
        this.quantization = quantization;
        this.moves = moves;
        this.setting = setting;
        this.trial = new TrialQuantization(quantization);
    }

    @Override
    public <S extends Sketch> List<S> observe(List<Observation<S>> observations, int limit) {
        Set<String> values =
                observations.stream().map(Observation::value).collect(Collectors.toCollection(LinkedHashSet::new));
        Key wanted = new Key(values, moves.getAsInt(), graph.revision());
        Simulation current = model;
        if (current == null || !wanted.equals(key)) {
            close(current);
            current = Simulation.of(graph, Optional.of(quantization), values, OrtOptimizationLevel.ALL);
            model = current;
            key = wanted;
        }
        Samples data = setting.samples().first(limit);
        return current.observe(
                observations,
                data,
                setting.workers(),
                done -> setting.progress().at(pass, done, data.size()));
    }

    @Override
    public double outputError(Map<? extends TensorQuantization, QuantizationParameters> parameters, int limit) {
        EvaluationMetrics.Reference exact = setting.floats().outputs(graph, limit);
        trial.set(parameters);
        Simulation current = tried;
        if (current == null || triedRevision != graph.revision() || !current.serves(trial)) {
            close(current);
            current = Simulation.of(graph, trial);
            tried = current;
            triedRevision = graph.revision();
        }
        return error(exact, current);
    }

    private double error(EvaluationMetrics.Reference exact, Simulation simulated) {
        return Math.pow(
                10,
                -exact.score((s, sink) -> simulated.forEach(s, setting.workers(), d -> {}, sink), Optional.empty())
                                .snr()
                        / 10);
    }

    @Override
    public double outputErrorWithout(Collection<? extends TensorQuantization> floats, int limit) {
        EvaluationMetrics.Reference exact = setting.floats().outputs(graph, limit);
        Set<Slot> roots = floats.stream().map(TensorQuantization::slot).collect(Collectors.toSet());
        if (floats.stream().noneMatch(TensorQuantization::isInitializer)) {
            return error(exact, switched(roots));
        }
        // Quantized initializers are constants of the segments: where they differ, so does the model.
        try (Simulation own = Simulation.of(graph, TrialQuantization.without(quantization, roots))) {
            return error(exact, own);
        }
    }

    /** One model for all such questions while no config moves: its quantizers are switched off and on. */
    private Simulation switched(Set<Slot> off) {
        Key wanted = new Key(Set.of(), moves.getAsInt(), graph.revision());
        SegmentedSimulation current = switched;
        if (current == null || !wanted.equals(switchedKey)) {
            close(current);
            current = SegmentedSimulation.of(graph, Optional.of(quantization), Set.of(), OrtOptimizationLevel.ALL);
            switched = current;
            switchedKey = wanted;
        }
        for (TensorQuantization c : quantization.configs()) {
            if (c.state().isActive() && !c.isInitializer()) {
                current.toggle(c.slot(), !off.contains(c.root().slot()));
            }
        }
        return current;
    }

    @Override
    public void close() {
        close(model);
        close(tried);
        close(switched);
        model = null;
        tried = null;
        switched = null;
    }

    private static void close(@Nullable Simulation m) {
        if (m != null) {
            m.close();
        }
    }
}
