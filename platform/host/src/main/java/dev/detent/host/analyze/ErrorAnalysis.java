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
import java.util.Optional;
import java.util.Set;
import java.util.function.IntConsumer;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * Which layers and tensors of a quantized network cost how much, judged by the outputs. Each is quantized alone in the
 * float network, and the error it makes there is taken off the error of the quantized network: where it is a part of
 * that, little is left. To put it in float in the quantized network instead would re-roll every rounding behind it, and
 * on few samples that luck is larger than the effect. Holds sessions of the network; close it.
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

    /**
     * Two weights in one segment could not be switched apart, but in a session with all weights of the segment for each
     * of them: where activations stay float, of the whole network.
     */
    private static Set<String> layerOutputs(Pipeline.Result result) {
        Set<String> values = new LinkedHashSet<>();
        for (Node n : result.graph().nodes()) {
            boolean weighted = result.configs().inputs(n).stream()
                    .anyMatch(c -> c.isInitializer() && c.state().isWritten());
            if (weighted) {
                Node last = activation(n, result).orElse(n);
                if (result.graph().isFloat(last.output(0))) {
                    values.add(last.output(0));
                }
            }
        }
        return values;
    }

    /** What alone reads a layer's output and has no weights: ONNX Runtime may make one kernel of the two. */
    private static Optional<Node> activation(Node n, Pipeline.Result result) {
        Set<Node> readers = result.graph().downstream(n);
        return readers.size() == 1
                ? readers.stream()
                        .filter(r -> result.configs().inputs(r).stream()
                                .noneMatch(c -> c.isInitializer() && c.state().isWritten()))
                        .findFirst()
                : Optional.empty();
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
        Samples all = samples.first(Math.max(effort.layers(), effort.survey()));
        int surveyed = Math.min(effort.survey(), all.size());
        TensorSurvey survey = new TensorSurvey(network, result.graph(), surveyed);
        OutputSlices slices = new OutputSlices(outputs, all.size());
        OutputErrors.Scores whole = OutputErrors.measure(
                network,
                outputs,
                List.of(everything(true), everything(false)),
                all,
                workers,
                d -> progress.at("ranges", d, all.size()),
                (i, bases) -> {
                    survey.accept(i, bases);
                    slices.accept(i, bases);
                });
        List<Unit> layers = judged(effort, u -> u.kind() == Unit.Kind.LAYER);
        List<Unit> tensors = judged(effort, u -> u.kind() != Unit.Kind.LAYER);
        Samples many = samples.first(effort.layers());
        Samples few = samples.first(effort.tensors());
        List<Analysis.UnitError> errors = new ArrayList<>();
        errors.addAll(errors(layers, many, workers, d -> progress.at("layers", d, many.size())));
        errors.addAll(errors(tensors, few, workers, d -> progress.at("tensors", d, few.size())));
        return new Analysis(
                new AnalysisEffort(many.size(), few.size(), surveyed, effort.kinds()),
                new Analysis.Whole(
                        whole.quantized(),
                        whole.variants().get(0),
                        whole.variants().get(1)),
                of(Unit.Kind.LAYER, errors),
                of(Unit.Kind.ACTIVATION, errors),
                of(Unit.Kind.WEIGHT, errors),
                survey.facts(result.configs()),
                slices.found());
    }

    private List<Unit> judged(AnalysisEffort effort, Predicate<Unit> which) {
        return units.stream()
                .filter(u -> effort.kinds().contains(u.kind()))
                .filter(which)
                .toList();
    }

    private List<Analysis.UnitError> errors(List<Unit> units, Samples samples, int workers, IntConsumer progress) {
        if (units.isEmpty()) {
            return List.of();
        }
        OutputErrors.Scores scores = OutputErrors.measure(
                network, outputs, units.stream().map(Unit::alone).toList(), samples, workers, progress);
        return IntStream.range(0, units.size())
                .mapToObj(i -> new Analysis.UnitError(
                        units.get(i), scores.variants().get(i), scores.gains().get(i)))
                .toList();
    }

    private static List<Analysis.UnitError> of(Unit.Kind kind, List<Analysis.UnitError> errors) {
        return errors.stream().filter(e -> e.unit().kind() == kind).toList();
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
