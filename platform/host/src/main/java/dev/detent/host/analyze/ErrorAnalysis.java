package dev.detent.host.analyze;

import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.progress.Progress;
import dev.detent.runtime.FakeQuantizer;
import dev.detent.runtime.Samples;
import dev.detent.runtime.SwitchableNetwork;
import dev.detent.runtime.Variant;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.TensorQuantization;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Which layers and tensors of a quantized network cost how much: each quantized alone in the float network, and each in
 * float alone in the quantized one, judged by the outputs. Holds sessions of the network; close it.
 */
public final class ErrorAnalysis implements AutoCloseable {

    private final SwitchableNetwork network;
    private final Pipeline.Result result;
    private final List<Unit> units;
    private final List<String> outputs;

    private ErrorAnalysis(SwitchableNetwork network, Pipeline.Result result) {
        this.network = network;
        this.result = result;
        this.units = Units.of(network, result.graph(), result.configs());
        this.outputs = result.graph().outputs().stream()
                .filter(v ->
                        result.graph().valueInfo(v.name()).map(ValueInfo::type).orElse(ElementType.UNDEFINED)
                                == ElementType.FLOAT)
                .map(ValueInfo::name)
                .filter(v -> result.graph().producer(v).isPresent())
                .toList();
    }

    /** Opens the network of a finished plan. */
    public static ErrorAnalysis of(Pipeline.Result result) {
        Graph graph = result.graph();
        return new ErrorAnalysis(
                SwitchableNetwork.of(
                        graph,
                        result.configs().snapshot(),
                        Units.floatConstants(graph, result.graphs().unrounded(), result.configs()),
                        layerOutputs(result)),
                result);
    }

    /** Two weights in one segment could not be switched apart. */
    private static Set<String> layerOutputs(Pipeline.Result result) {
        Set<String> values = new LinkedHashSet<>();
        for (Node n : result.graph().nodes()) {
            boolean weighted = result.configs().inputs(n).stream()
                    .anyMatch(c -> c.isInitializer() && c.state().isWritten());
            if (weighted && result.graph().isFloat(n.output(0)) && !isFused(n, result)) {
                values.add(n.output(0));
            }
        }
        return values;
    }

    /** Nothing but an activation without weights reads it. */
    private static boolean isFused(Node n, Pipeline.Result result) {
        Set<Node> readers = result.graph().downstream(n);
        return readers.size() == 1
                && result.configs().inputs(readers.iterator().next()).stream()
                        .noneMatch(c -> c.isInitializer() && c.state().isWritten());
    }

    /** The network itself, for whoever asks it something else. */
    public SwitchableNetwork network() {
        return network;
    }

    /** Layers, then activations, then weights, each in network order. */
    public List<Unit> units() {
        return units;
    }

    /** The config of a slot of the network that is analysed. */
    Optional<? extends TensorQuantization> config(Slot slot) {
        return result.configs().config(slot);
    }

    /** Float outputs of the network that are judged. */
    public List<String> outputs() {
        return outputs;
    }

    /** Scores of variants on samples of the caller's choice. */
    public OutputErrors.Scores measure(List<Variant> variants, Samples samples, int workers) {
        return OutputErrors.measure(network, outputs, variants, samples, workers, d -> {});
    }

    /** Everything, on the first samples. */
    public Analysis run(Samples samples, AnalysisEffort effort, int workers, Progress progress) {
        Samples steady = samples.first(effort.alone());
        Samples many = samples.first(Math.max(effort.context(), effort.survey()));
        TensorSurvey survey = new TensorSurvey(network, result.graph(), Math.min(effort.survey(), many.size()));
        List<Unit> judged =
                units.stream().filter(u -> effort.kinds().contains(u.kind())).toList();
        List<Unit> layers = effort.context() == 0
                ? List.of()
                : judged.stream().filter(u -> u.kind() == Unit.Kind.LAYER).toList();
        List<Unit> tensorsInContext = effort.context() == 0
                ? List.of()
                : judged.stream().filter(u -> u.kind() != Unit.Kind.LAYER).toList();
        List<Variant> variants = new ArrayList<>();
        judged.forEach(u -> variants.add(u.alone()));
        tensorsInContext.forEach(u -> variants.add(u.without()));
        int units = variants.size();
        variants.add(everything(true));
        variants.add(everything(false));
        // Without layers in context both would compute nothing but the same two bases.
        boolean together = layers.isEmpty() && many.size() == steady.size();
        Optional<OutputErrors.Scores> apart = together
                ? Optional.empty()
                : Optional.of(OutputErrors.measure(
                        network,
                        outputs,
                        layers.stream().map(Unit::without).toList(),
                        many,
                        workers,
                        d -> progress.at("layers in context", d, many.size()),
                        survey));
        OutputErrors.Scores few = OutputErrors.measure(
                network,
                outputs,
                variants,
                steady,
                workers,
                d -> progress.at("tensors alone", d, steady.size()),
                together ? survey : (i, bases) -> {});
        OutputErrors.Scores context = apart.orElse(few);
        Map<Variant, OutputErrors.Score> scores = new HashMap<>();
        for (int i = 0; i < units; i++) {
            scores.put(variants.get(i), few.variants().get(i));
        }
        Map<Variant, Double> gains = new HashMap<>();
        for (Unit u : tensorsInContext) {
            gains.put(u.without(), few.quantized().gain(Objects.requireNonNull(scores.get(u.without()))));
        }
        for (int i = 0; i < layers.size(); i++) {
            gains.put(
                    layers.get(i).without(),
                    context.quantized().gain(context.variants().get(i)));
        }
        Function<Unit, Analysis.UnitError> error = u -> new Analysis.UnitError(
                u, Objects.requireNonNull(scores.get(u.alone())), Optional.ofNullable(gains.get(u.without())));
        return new Analysis(
                new AnalysisEffort(
                        layers.isEmpty() ? 0 : many.size(),
                        steady.size(),
                        Math.min(effort.survey(), many.size()),
                        effort.kinds()),
                new Analysis.Whole(
                        context.quantized(),
                        few.variants().get(units),
                        few.variants().get(units + 1)),
                errors(Unit.Kind.LAYER, judged, error),
                errors(Unit.Kind.ACTIVATION, judged, error),
                errors(Unit.Kind.WEIGHT, judged, error),
                survey.facts(result.configs()));
    }

    private static List<Analysis.UnitError> errors(
            Unit.Kind kind, List<Unit> judged, Function<Unit, Analysis.UnitError> error) {
        return judged.stream().filter(u -> u.kind() == kind).map(error).toList();
    }

    /** The float network with all weights quantized, or all activations. */
    private Variant everything(boolean weights) {
        Map<Slot, Tensor> constants = new HashMap<>();
        Map<Slot, Optional<FakeQuantizer>> encodings = new HashMap<>();
        for (Unit u : units) {
            if (u.kind() == Unit.Kind.ACTIVATION && !weights) {
                encodings.putAll(u.alone().encodings());
            } else if (u.kind() == Unit.Kind.WEIGHT && weights) {
                constants.putAll(u.alone().constants());
            }
        }
        return new Variant(Variant.Base.FLOAT, encodings, constants, Set.of());
    }

    @Override
    public void close() {
        network.close();
    }
}
