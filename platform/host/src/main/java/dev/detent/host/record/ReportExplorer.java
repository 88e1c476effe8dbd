package dev.detent.host.record;

import dev.detent.host.analyze.Analysis;
import dev.detent.host.analyze.AnalysisEffort;
import dev.detent.host.analyze.ErrorCauses;
import dev.detent.host.analyze.TensorFacts;
import dev.detent.host.analyze.Unit;
import dev.detent.host.evaluate.LayerErrors;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.pipeline.QuantizedNodes;
import dev.detent.host.plan.PlannedTarget;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.pass.Placement;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.TensorQuantization;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Layers, tensors, wiring and journal of a run as the script of the report reads them ({@code report.js}). */
final class ReportExplorer {

    /** What is drawn is a few hundred pixels high. */
    private static final MathContext DIGITS = new MathContext(4);

    private final Pipeline.Result result;
    private final PlannedTarget target;
    private final Optional<Analysis> analysis;
    private final Map<String, LayerErrors.Layer> accumulated = new HashMap<>();

    ReportExplorer(
            Pipeline.Result result,
            PlannedTarget target,
            Optional<Analysis> analysis,
            List<LayerErrors.Layer> accumulated) {
        this.result = result;
        this.target = target;
        this.analysis = analysis;
        accumulated.forEach(l -> this.accumulated.put(l.node(), l));
    }

    Map<String, Object> data() {
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("layers", layers());
        data.put("tensors", tensors());
        data.put("edges", edges());
        data.put(
                "legend",
                List.of(
                        List.of("int8", "8 bits and less"),
                        List.of("int16", "more than 8 bits"),
                        List.of("float", "float"),
                        List.of("shape", "shapes and indices")));
        data.put("basis", analysis.map(a -> basis(a.samples())).orElse(""));
        life(data);
        return data;
    }

    private static String basis(AnalysisEffort samples) {
        return "Each layer quantized alone in the float network, judged by the outputs, on "
                + (samples.layers() == 1 ? "one sample" : samples.layers() + " samples")
                + (samples.isWhole()
                        ? ", tensors on " + samples.tensors()
                                + ". In float gains: what the outputs may be expected to gain with the layer in float."
                        : "; 'detent analyze' takes more, looks at tensors too, and says what a layer gains in float.")
                + " A layer is its weights, its bias and what it reads.";
    }

    /** Why a node is float; empty when it is not. */
    static Optional<String> whyFloat(Node n, Pipeline.Result result, PlannedTarget target) {
        if (QuantizedNodes.isQuantized(result.configs(), n)) {
            return Optional.empty();
        }
        Placement placement = result.placements().get(n.name());
        if (placement == Placement.SHAPE) {
            return Optional.of("computes shapes or indices");
        }
        if (result.configs().isQuantized(n)) {
            return Optional.of(QuantizedNodes.whyFloat(n, result.journal()));
        }
        if (!target.plan().target().supports(n, result.graph())) {
            return Optional.of(QuantizedNodes.ofBranches(n, result)
                    .orElse("target '" + target.id() + "' has no rule for this " + n.opType()
                            + QuantizedNodes.whatItIs(n, target.plan())));
        }
        if (placement == Placement.FLOAT) {
            return Optional.of(
                    "placed in float by dispatcher '" + target.plan().plan().dispatcher() + "'");
        }
        return Optional.of(placement == null ? "added by a pass" : "nothing here is quantized");
    }

    private List<Map<String, Object>> layers() {
        Graph graph = result.graph();
        Map<String, Analysis.UnitError> errors = errors(Unit.Kind.LAYER);
        List<Analysis.UnitError> all = analysis.map(Analysis::layers).orElse(List.of());
        List<Map<String, Object>> rows = new ArrayList<>();
        for (Node n : graph.nodes()) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("id", rows.size() + 1);
            row.put("n", n.name());
            row.put("t", n.opType());
            kind(n, row);
            whyFloat(n, result, target).ifPresent(w -> row.put("why", w));
            row.put("ins", n.inputs().stream().filter(i -> !i.isEmpty()).toList());
            row.put("outs", n.outputs().stream().filter(o -> !o.isEmpty()).toList());
            error(errors.get(n.name()), all, row);
            LayerErrors.Layer own = accumulated.get(n.name());
            if (own != null) {
                row.put("own", number(Math.min(99, own.snr())));
            }
            rows.add(row);
        }
        return rows;
    }

    private Map<String, Analysis.UnitError> errors(Unit.Kind kind) {
        Map<String, Analysis.UnitError> errors = new HashMap<>();
        analysis.ifPresent(a -> (kind == Unit.Kind.LAYER
                        ? a.layers()
                        : kind == Unit.Kind.ACTIVATION ? a.activations() : a.weights())
                .forEach(u -> errors.put(u.unit().name(), u)));
        return errors;
    }

    private void error(Analysis.@Nullable UnitError error, List<Analysis.UnitError> all, Map<String, Object> row) {
        if (error != null) {
            row.put("alone", number(Math.min(99, error.alone().snr())));
            row.put("share", number(Analysis.share(error, all)));
            // On the one or two samples of an ordinary run it is a matter of luck, see docs/analysis.md.
            if (analysis.filter(a -> a.samples().isWhole()).isPresent()) {
                row.put("gain", number(error.gain()));
            }
        }
    }

    /** How it runs: the widest of what it writes, or else of what it reads. */
    private void kind(Node n, Map<String, Object> row) {
        if (!QuantizedNodes.isQuantized(result.configs(), n)) {
            boolean shape = result.placements().get(n.name()) == Placement.SHAPE;
            row.put("s", shape ? "shape" : "float");
            row.put("label", shape ? "shapes" : "float");
            row.put("group", shape ? "s" : "f");
            return;
        }
        List<TensorQuantization> configs = new ArrayList<>(result.configs().outputs(n));
        configs.addAll(result.configs().inputs(n));
        Optional<TensorQuantization> first = configs.stream()
                .filter(c -> c.qparams().isPresent()
                        && !c.state().isFloat()
                        && !c.state().isShape()
                        && !c.state().isPassive())
                .findFirst();
        int bits = first.map(c -> c.scheme().bits()).orElse(0);
        row.put("s", first.isEmpty() ? "float" : bits > 8 ? "int16" : "int8");
        row.put(
                "label",
                first.map(c -> (c.scheme().system().isAffineInteger()
                                        ? "int"
                                        : c.scheme().system().id() + " ")
                                + bits)
                        .orElse("float"));
        row.put("group", first.isEmpty() ? "f" : "q");
    }

    private List<Map<String, Object>> tensors() {
        List<Map<String, Object>> rows = new ArrayList<>();
        if (analysis.isEmpty()) {
            return rows;
        }
        Map<String, Analysis.UnitError> activations = errors(Unit.Kind.ACTIVATION);
        Map<String, Analysis.UnitError> weights = errors(Unit.Kind.WEIGHT);
        List<Analysis.UnitError> all = new ArrayList<>(analysis.get().activations());
        all.addAll(analysis.get().weights());
        Map<String, TensorQuantization> configs = new HashMap<>();
        result.configs().configs().forEach(c -> {
            if (c.isOwnRoot()) {
                configs.putIfAbsent(c.value(), c);
            }
        });
        for (TensorFacts t : analysis.get().tensors()) {
            boolean weight = result.graph().isInitializer(t.value());
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("id", rows.size() + 1);
            row.put("v", t.value());
            row.put("n", t.node());
            row.put("group", weight ? "w" : "a");
            row.put("scheme", t.encoding().scheme().toString());
            row.put("bits", t.encoding().scheme().bits());
            row.put("lo", number(t.encoding().low()));
            row.put("hi", number(t.encoding().high()));
            row.put("min", number(t.seen().min()));
            row.put("max", number(t.seen().max()));
            row.put("snr", number(Math.min(99, t.noise().snr())));
            row.put("clip", number(t.noise().clipped()));
            row.put("clipn", number(t.noise().clipping()));
            row.put("zero", number(t.seen().zeros()));
            if (!weight) {
                row.put("widest", t.seen().widest());
            }
            Optional.ofNullable(configs.get(t.value())).ifPresent(c -> row.put("obs", c.observer()));
            List<String> troubles = ErrorCauses.of(t);
            row.put("kinds", troubles);
            row.put("kindText", String.join(", ", troubles));
            error((weight ? weights : activations).get(t.value()), all, row);
            row.put(
                    "h",
                    List.of(
                            number(t.histogram().low()),
                            number(t.histogram().high()),
                            t.histogram().counts()));
            t.channels().ifPresent(c -> {
                row.put("cmin", numbers(c.min()));
                row.put("cmax", numbers(c.max()));
            });
            rows.add(row);
        }
        return rows;
    }

    private List<List<Integer>> edges() {
        Graph graph = result.graph();
        Map<String, Integer> places = new HashMap<>();
        graph.nodes().forEach(n -> places.put(n.name(), places.size()));
        List<List<Integer>> edges = new ArrayList<>();
        for (Node n : graph.nodes()) {
            Set<Node> from = new LinkedHashSet<>(graph.upstream(n));
            from.forEach(f -> edges.add(List.of(places.getOrDefault(f.name(), 0), places.getOrDefault(n.name(), 0))));
        }
        return edges;
    }

    /** The journal by node; words and names stand once each in lists. */
    private void life(Map<String, Object> data) {
        Map<String, Integer> words = new LinkedHashMap<>();
        Map<String, Integer> names = new LinkedHashMap<>();
        Map<String, List<List<Object>>> life = new LinkedHashMap<>();
        // Rules come before all passes.
        result.journal()
                .ruled()
                .forEach(r -> life.computeIfAbsent(r.slot().node(), k -> new ArrayList<>())
                        .add(List.of(
                                place(r.slot()),
                                index(names, r.value()),
                                index(words, r.from().name()),
                                index(words, r.to().name()),
                                index(words, "user-rules (" + r.source() + ")"),
                                index(words, r.what()))));
        result.journal()
                .entries()
                .forEach(e -> life.computeIfAbsent(e.slot().node(), k -> new ArrayList<>())
                        .add(List.of(
                                place(e.slot()),
                                index(names, e.value()),
                                index(words, e.from().name()),
                                index(words, e.to().name()),
                                index(words, e.pass()),
                                index(words, e.reason()))));
        data.put("life", life);
        data.put("words", List.copyOf(words.keySet()));
        data.put("names", List.copyOf(names.keySet()));
    }

    private static String place(Slot s) {
        return (s.isInput() ? "in " : "out ") + s.index();
    }

    private static int index(Map<String, Integer> words, String word) {
        return words.computeIfAbsent(word, k -> words.size());
    }

    private static Object number(double x) {
        return Double.isFinite(x) ? new BigDecimal(x).round(DIGITS).stripTrailingZeros() : (x > 0 ? 99 : -99);
    }

    private static List<Object> numbers(float[] values) {
        List<Object> rounded = new ArrayList<>(values.length);
        for (float v : values) {
            rounded.add(number(v));
        }
        return rounded;
    }
}
