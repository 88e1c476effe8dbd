package dev.detent.host.analyze;

import dev.detent.runtime.FakeQuantizer;
import dev.detent.runtime.Samples;
import dev.detent.runtime.Variant;
import dev.detent.spi.backend.Target;
import dev.detent.spi.backend.TensorRule;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.quant.CodeRange;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Range;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.number.FakeQuantization;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Tries cures on the quantized network itself and says what each brought; only what the target can do is tried. */
public final class Cures {

    /** A person reads three names; more are a matter for a search. */
    private static final int NAMED = 3;

    /** In dB: less is within the luck of how roundings fall on a few samples. */
    static final double WORTH_SAYING = 0.3;

    private record Trial(String text, String option, int touched, Variant variant) {}

    private final ErrorAnalysis analysis;
    private final Analysis found;
    private final Target target;
    private final Graph graph;

    private Cures(ErrorAnalysis analysis, Analysis found, Target target, Graph graph) {
        this.analysis = analysis;
        this.found = found;
        this.target = target;
        this.graph = graph;
    }

    /** Cures that helped, the one that helps most first; of two that help alike the one that changes less. */
    public static List<Cure> of(
            ErrorAnalysis analysis, Analysis found, Target target, Graph graph, Samples samples, int workers) {
        Cures cures = new Cures(analysis, found, target, graph);
        List<Trial> trials = cures.trials();
        OutputErrors.Scores scores =
                analysis.measure(trials.stream().map(Trial::variant).toList(), samples, workers);
        List<Cure> helped = new ArrayList<>();
        for (int i = 0; i < trials.size(); i++) {
            double gain = scores.quantized().gain(scores.variants().get(i));
            if (gain >= WORTH_SAYING) {
                Trial t = trials.get(i);
                helped.add(new Cure(t.text(), t.option(), gain, t.touched()));
            }
        }
        helped.sort(
                Comparator.comparingDouble((Cure c) -> -Math.rint(c.gain() * 2)).thenComparingInt(Cure::touched));
        return helped;
    }

    private List<Trial> trials() {
        List<Trial> trials = new ArrayList<>();
        List<Unit> layers = worst(found.layers());
        if (!layers.isEmpty()) {
            trials.add(keepFloat(layers.subList(0, 1)));
        }
        if (layers.size() > 1) {
            trials.add(keepFloat(layers));
        }
        List<Unit> wide = analysis.units().stream()
                .filter(u -> u.kind() == Unit.Kind.ACTIVATION && canBeWide(u))
                .toList();
        List<Unit> worst = worst(found.activations().stream()
                .filter(u -> wide.contains(u.unit()))
                .toList());
        if (!worst.isEmpty()) {
            trials.add(wide("16 bits for the activations ", worst));
        }
        if (wide.size() > worst.size()) {
            trials.add(new Trial("16 bits for all activations", "--bits '16=node:**'", wide.size(), widened(wide)));
        }
        unclipped().ifPresent(trials::add);
        perChannel().ifPresent(trials::add);
        return trials;
    }

    /** Ranges that hold all that the surveyed samples showed. */
    private Optional<Trial> unclipped() {
        Map<Slot, Optional<FakeQuantizer>> encodings = new LinkedHashMap<>();
        int tensors = 0;
        for (TensorFacts t : found.tensors()) {
            if (t.noise().clipped() == 0) {
                continue;
            }
            for (TensorQuantization c : analysis.network().quantizers(t.value())) {
                if (!c.isFixed() && !c.scheme().isPerChannel() && !c.scheme().isPerBlock()) {
                    encodings.put(
                            c.slot(),
                            Optional.of(new FakeQuantizer(
                                    c.scheme(),
                                    c.scheme().cover(t.seen().min(), t.seen().max()))));
                    tensors++;
                }
            }
        }
        return encodings.isEmpty()
                ? Optional.empty()
                : Optional.of(new Trial(
                        "ranges that clip nothing (min/max)",
                        "--set calibration.method=minmax --set calibration.rival=minmax",
                        tensors,
                        new Variant(Variant.Base.QUANTIZED, encodings, Map.of(), Set.of())));
    }

    /** One scale per output channel for weights that have one in all, where the target can. */
    private Optional<Trial> perChannel() {
        Map<Slot, Tensor> constants = new LinkedHashMap<>();
        for (Unit u : analysis.units()) {
            if (u.kind() == Unit.Kind.WEIGHT) {
                graph.node(u.node())
                        .ifPresent(n -> u.without()
                                .constants()
                                .forEach((slot, floats) -> target.alternatives(n, graph).stream()
                                        .map(r -> r.inputs().get(slot.index()).scheme())
                                        .filter(s -> slot.index() == 1
                                                && s.isPerChannel()
                                                && s.bits() == 8
                                                && s.axis().isPresent()
                                                && isPerTensor(slot))
                                        .findFirst()
                                        .ifPresent(s -> constants.put(slot, perChannel(floats, s)))));
            }
        }
        return constants.isEmpty()
                ? Optional.empty()
                : Optional.of(new Trial(
                        "one scale per output channel for all weights",
                        "--rule 'slot:weight -> per-channel=true'",
                        constants.size(),
                        new Variant(Variant.Base.QUANTIZED, Map.of(), constants, Set.of())));
    }

    private boolean isPerTensor(Slot slot) {
        return analysis.config(slot)
                .filter(c -> c.qparams().filter(p -> p.channels() == 1).isPresent())
                .isPresent();
    }

    private static Tensor perChannel(Tensor weight, Scheme scheme) {
        float[] values = weight.floats();
        int stride = scheme.granularity().channelStride(weight.dims());
        int channels = (int) weight.dim(scheme.axis().orElseThrow());
        double[] low = new double[channels];
        double[] high = new double[channels];
        for (int i = 0; i < values.length; i++) {
            int c = i / stride % channels;
            low[c] = Math.min(low[c], values[i]);
            high[c] = Math.max(high[c], values[i]);
        }
        FakeQuantization.inPlace(values, weight.dims(), scheme, scheme.cover(low, high));
        return Tensor.ofFloats(weight.dims(), values);
    }

    private static List<Unit> worst(List<Analysis.UnitError> errors) {
        return errors.stream()
                .filter(u -> u.alone().ratio() > 0)
                .sorted(Comparator.comparingDouble(
                        (Analysis.UnitError u) -> -u.alone().ratio()))
                .limit(NAMED)
                .map(Analysis.UnitError::unit)
                .toList();
    }

    private static String names(List<Unit> units) {
        return units.stream().map(u -> "'" + u.name() + "'").collect(Collectors.joining(", "));
    }

    private Trial keepFloat(List<Unit> layers) {
        Map<Slot, Tensor> constants = new HashMap<>();
        Set<Slot> reads = new HashSet<>();
        layers.forEach(u -> {
            constants.putAll(u.without().constants());
            reads.addAll(u.without().reads());
        });
        return new Trial(
                "keep " + names(layers) + " and what " + (layers.size() == 1 ? "it reads" : "they read") + " in float",
                layers.stream()
                        .map(u -> option("--keep-float", "node", u.name()) + reads(u))
                        .collect(Collectors.joining(" ")),
                layers.size(),
                new Variant(Variant.Base.QUANTIZED, Map.of(), constants, reads));
    }

    private static String option(String name, String key, String match) {
        return name + " '" + key + ":" + match + "'";
    }

    /** The tensors that the layer reads, which its neighbours quantize too. */
    private String reads(Unit layer) {
        return layer.without().reads().stream()
                .map(s -> graph.node(s.node()).orElseThrow().input(s.index()))
                .distinct()
                .map(v -> " " + option("--keep-float", "tensor", v))
                .collect(Collectors.joining());
    }

    private Trial wide(String text, List<Unit> tensors) {
        return new Trial(
                text + names(tensors),
                tensors.stream().map(u -> "--bits '16=tensor:" + u.name() + "'").collect(Collectors.joining(" ")),
                tensors.size(),
                widened(tensors));
    }

    /** Clipping makes up for few steps: among 65,536 there is room for all that the surveyed samples showed. */
    private Variant widened(List<Unit> tensors) {
        Map<String, Range> seen = found.tensors().stream()
                .collect(Collectors.toMap(
                        TensorFacts::value,
                        t -> new Range(t.seen().min(), t.seen().max()),
                        (a, b) -> a));
        Map<Slot, Optional<FakeQuantizer>> encodings = new LinkedHashMap<>();
        for (Unit u : tensors) {
            for (TensorQuantization c : analysis.network().quantizers(u.name())) {
                c.qparams()
                        .ifPresent(p -> encodings.put(
                                c.slot(), Optional.of(widened(c, p, Optional.ofNullable(seen.get(u.name()))))));
            }
        }
        return new Variant(Variant.Base.QUANTIZED, encodings, Map.of(), Set.of());
    }

    private static FakeQuantizer widened(TensorQuantization c, QuantizationParameters p, Optional<Range> seen) {
        Scheme scheme = c.scheme();
        boolean signed = scheme.quantMin() < 0;
        Scheme wide =
                scheme.with(new CodeRange(16, signed ? Short.MIN_VALUE : 0, signed ? Short.MAX_VALUE : (1 << 16) - 1));
        double[] low = new double[p.channels()];
        double[] high = new double[p.channels()];
        for (int i = 0; i < low.length; i++) {
            Range r = scheme.system().range(p.scale(i), p.zeroPoint(i), scheme);
            boolean isWider = !c.isFixed() && low.length == 1 && seen.isPresent();
            low[i] = isWider ? Math.min(r.low(), seen.get().low()) : r.low();
            high[i] = isWider ? Math.max(r.high(), seen.get().high()) : r.high();
        }
        return new FakeQuantizer(wide, wide.cover(low, high));
    }

    /** The target has a rule with 16 bits for the node that computes it, or for all that read it if none does. */
    private boolean canBeWide(Unit activation) {
        boolean linear = analysis.network().quantizers(activation.name()).stream()
                .allMatch(c -> c.scheme().system().isAffineInteger()
                        && c.scheme().bits() == 8
                        && !c.scheme().powerOfTwo());
        if (!linear) {
            return false;
        }
        Optional<Node> producer = graph.producer(activation.name());
        if (producer.isPresent()) {
            return target.alternatives(producer.get(), graph).stream()
                    .anyMatch(r -> r.outputs().stream().anyMatch(Cures::isWide));
        }
        Set<Node> readers = graph.consumers(activation.name());
        return !readers.isEmpty() && readers.stream().allMatch(n -> canReadWide(n, activation.name()));
    }

    private boolean canReadWide(Node reader, String value) {
        // What only a branch of it reads is no input.
        int index = reader.inputs().indexOf(value);
        return index >= 0
                && target.alternatives(reader, graph).stream()
                        .anyMatch(r -> isWide(r.inputs().get(index)));
    }

    private static boolean isWide(TensorRule rule) {
        return rule.scheme().bits() == 16;
    }
}
