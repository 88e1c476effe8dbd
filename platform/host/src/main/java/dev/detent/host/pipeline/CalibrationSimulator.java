package dev.detent.host.pipeline;

import dev.detent.host.evaluate.EvaluationMetrics;
import dev.detent.runtime.OrtOptimizationLevel;
import dev.detent.runtime.Samples;
import dev.detent.runtime.Simulation;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.run.Simulator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The simulator of one pass run. Keeps the cut model between two observations of the same values while no config has
 * moved, and the float outputs between two trials.
 */
final class CalibrationSimulator implements Simulator, AutoCloseable {

    /** What a cut model was built for. */
    private record Key(Set<String> values, int moves, int revision) {}

    private final String pass;
    private final Graph graph;
    private final Quantization quantization;
    private final Samples samples;
    private final IntSupplier moves;
    private final int workers;
    private final Progress progress;
    private final FloatObservationCache floats;
    private @Nullable Key key;
    private @Nullable Simulation model;
    private @Nullable Simulation trial;
    private int trialRevision;
    private EvaluationMetrics.@Nullable Reference reference;
    private int referenceLimit;
    private int referenceRevision;

    /** @param moves changes whenever a config moves */
    CalibrationSimulator(
            String pass,
            Graph graph,
            Quantization quantization,
            Samples samples,
            IntSupplier moves,
            int workers,
            Progress progress,
            FloatObservationCache floats) {
        this.pass = pass;
        this.graph = graph;
        this.quantization = quantization;
        this.samples = samples;
        this.moves = moves;
        this.workers = workers;
        this.progress = progress;
        this.floats = floats;
    }

    @Override
    public <S extends Sketch> List<S> observeFloat(List<Observation<S>> observations, int limit) {
        return floats.observe(
                graph, observations, samples, limit, done -> progress.at(pass, done, Math.min(limit, samples.size())));
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
        Samples data = samples.first(limit);
        return current.observe(observations, data, workers, done -> progress.at(pass, done, data.size()));
    }

    @Override
    public double outputError(int limit) {
        List<String> outputs = graph.outputs().stream()
                .map(ValueInfo::name)
                .filter(graph::isFloat)
                .toList();
        Samples data = samples.first(limit);
        EvaluationMetrics.Reference exact = reference;
        if (exact == null || referenceLimit != limit || referenceRevision != graph.revision()) {
            exact = new EvaluationMetrics.Reference(outputs, data, (some, sink) -> floats.forEach(graph, some, sink));
            reference = exact;
            referenceLimit = limit;
            referenceRevision = graph.revision();
        }
        Simulation current = trial;
        if (current == null || trialRevision != graph.revision() || !current.serves(quantization)) {
            close(current);
            current = Simulation.of(graph, quantization);
            trial = current;
            trialRevision = graph.revision();
        }
        Simulation simulated = current;
        return Math.pow(
                10,
                -exact.score((s, sink) -> simulated.forEach(s, workers, d -> {}, sink), Optional.empty())
                                .snr()
                        / 10);
    }

    @Override
    public void close() {
        close(model);
        close(trial);
        model = null;
        trial = null;
    }

    private static void close(@Nullable Simulation m) {
        if (m != null) {
            m.close();
        }
    }
}
