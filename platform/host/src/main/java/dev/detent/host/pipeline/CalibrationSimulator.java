package dev.detent.host.pipeline;

import dev.detent.host.evaluate.EvaluationMetrics;
import dev.detent.host.progress.Progress;
import dev.detent.runtime.OrtOptimizationLevel;
import dev.detent.runtime.Samples;
import dev.detent.runtime.SegmentedSimulation;
import dev.detent.runtime.Simulation;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.run.Simulator;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
    private record Key(Graph graph, Set<String> values, int moves, int revision) {}

    /** The graph with other initializers. */
    record Replaced(Graph graph, int revision, Map<String, Tensor> initializers) {

        /** Whether others have the same values: a pass may work out its biases anew for every question. */
        boolean has(Map<String, Tensor> others) {
            return initializers.keySet().equals(others.keySet())
                    && others.entrySet().stream()
                            .allMatch(o -> isSame(Objects.requireNonNull(initializers.get(o.getKey())), o.getValue()));
        }

        private static boolean isSame(Tensor a, Tensor b) {
            return a == b
                    || a.type() == b.type()
                            && Arrays.equals(a.dims(), b.dims())
                            && a.bytes().equals(b.bytes())
                            && a.origin().equals(b.origin());
        }
    }

    private final String pass;
    private final Graph graph;
    private final Quantization quantization;
    private final IntSupplier moves;
    private final Setting setting;
    private final TrialQuantization trial;
    private @Nullable Key key;
    private @Nullable Simulation model;
    private @Nullable Simulation tried;
    private @Nullable Key triedKey;
    private @Nullable SegmentedSimulation switched;
    private @Nullable Key switchedKey;
    private @Nullable Replaced replaced;

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
        Key wanted = new Key(graph, values, moves.getAsInt(), graph.revision());
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
    public double outputError(Trial asked, int limit) {
        EvaluationMetrics.Reference exact = setting.floats().outputs(graph, limit);
        Graph tried = with(asked.initializers());
        Set<Slot> floats = asked.floats().stream().map(TensorQuantization::slot).collect(Collectors.toSet());
        if (asked.floats().stream().anyMatch(TensorQuantization::isInitializer)
                || !floats.isEmpty() && !asked.parameters().isEmpty()) {
            // Quantized initializers are constants of the segments: where they differ, so does the model.
            TrialQuantization own = TrialQuantization.without(quantization, floats);
            own.set(asked.parameters());
            try (Simulation once = Simulation.of(tried, own)) {
                return error(exact, once);
            }
        }
        return error(exact, asked.parameters().isEmpty() ? switched(tried, floats) : tried(tried, asked.parameters()));
    }

    /** The graph itself, or a copy of it for as long as nobody asks with other initializers. */
    private Graph with(Map<String, Tensor> initializers) {
        if (initializers.isEmpty()) {
            return graph;
        }
        Replaced known = replaced;
        if (known == null || known.revision() != graph.revision() || !known.has(initializers)) {
            known = new Replaced(graph.copy(), graph.revision(), initializers);
            initializers.forEach(known.graph().edit()::initializer);
            replaced = known;
        }
        return known.graph();
    }

    private double error(EvaluationMetrics.Reference exact, Simulation simulated) {
        return Math.pow(
                10,
                -exact.score((s, sink) -> simulated.forEach(s, setting.workers(), d -> {}, sink), Optional.empty())
                                .snr()
                        / 10);
    }

    /** One model for all trials of parameters. */
    private Simulation tried(Graph network, Map<? extends TensorQuantization, QuantizationParameters> parameters) {
        trial.set(parameters);
        Key wanted = new Key(network, Set.of(), 0, graph.revision());
        Simulation current = tried;
        if (current == null || !wanted.equals(triedKey) || !current.serves(trial)) {
            close(current);
            current = Simulation.of(network, trial);
            tried = current;
            triedKey = wanted;
        }
        return current;
    }

    /** One model for all trials of floats while no config moves: its quantizers are switched off and on. */
    private Simulation switched(Graph network, Set<Slot> off) {
        Key wanted = new Key(network, Set.of(), moves.getAsInt(), graph.revision());
        SegmentedSimulation current = switched;
        if (current == null || !wanted.equals(switchedKey)) {
            close(current);
            current = SegmentedSimulation.of(network, Optional.of(quantization), Set.of(), OrtOptimizationLevel.ALL);
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
