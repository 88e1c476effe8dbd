package dev.detent.support.qdq;

import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Rounding;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.problem.SupportProblems;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.ObjIntConsumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Writes configs into a graph as QuantizeLinear and DequantizeLinear nodes (ONNX opset 13 and up): one pair behind a
 * producer's active slot, one for every different quantization on the way into consumers, integer initializers with a
 * DequantizeLinear for parameters. The original name of a graph output stays on the dequantized tensor. The opset is
 * raised as far as the types need. For exporters of explicit-quantization targets; {@link QdqGraphReader} is the way
 * back.
 */
public final class QdqGraphBuilder {

    /** What differs from the usual form. */
    public enum Form {
        /** Weights stay float behind a QuantizeLinear and DequantizeLinear of their own. */
        FLOAT_WEIGHTS,
        /** The chip's ties go elsewhere than QuantizeLinear's; activations are written nevertheless. */
        OTHER_TIES,
        /** Types that need a newer opset use ONNX Runtime's own operators (domain com.microsoft) instead. */
        CONTRIB,
        /** A pair behind movement too, where ONNX Runtime does not carry the one in front over it. */
        BEHIND_MOVES,
        /** Weights of operators that compute in float are decoded when the file is loaded ({@link UnpackedWeights}). */
        UNPACKED_WEIGHTS,
        /** A product that is added to what is no constant is a Gemm ({@link SummedProducts}). */
        SUMMED_PRODUCTS
    }

    private static final String MICROSOFT = "com.microsoft";

    /** Opset of Q/DQ with 8-bit floating point. */
    private static final int FLOAT8 = 19;

    /** Opset of Q/DQ with integers wider or narrower than 8 bits. */
    private static final int NARROW_TYPES = 21;

    /** Movement that ONNX Runtime carries a pair over (core/optimizer/qdq_transformer/qdq_propagation.cc). */
    private static final Set<String> CARRIED =
            Set.of("MaxPool", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Slice");

    /** Movement that it stops at: who reads what it gives computes in float (1.28; Resize for the mode nearest). */
    private static final Set<String> STOPPING = Set.of(
            "Flatten", "Split", "Resize", "Tile", "Expand", "Gather", "DepthToSpace", "SpaceToDepth", "Identity");

    /** Width of the sums that a bias is added to. */
    private static final int ACCUMULATOR_BITS = 32;

    private record Pair(String value, Scheme scheme, QuantizationParameters parameters) {}

    private final Graph graph;
    private final GraphEditor edit;
    private final Quantization quantization;
    private final Map<Pair, String> pairs = new LinkedHashMap<>();

    private final Set<Form> form;
    /** Highest opset some pair needs. */
    private int needed;

    private QdqGraphBuilder(Graph graph, Quantization quantization, Set<Form> form) {
        this.graph = graph;
        this.edit = graph.edit();
        this.quantization = quantization;
        this.form = form;
    }

    /** A new graph with the nodes inserted; the model is left alone. */
    public static Graph apply(QuantizedModel model) {
        return apply(model, Set.of());
    }

    /**
     * As {@link #apply(QuantizedModel)}, in another form. For models whose types need no newer opset than they have.
     *
     * @throws IllegalStateException when a type needs a newer opset
     */
    public static Graph apply(QuantizedModel model, Set<Form> form) {
        return apply(model, form, (graph, opset) -> {
            throw new IllegalStateException("its types need opset " + opset + ", to which somebody has to raise it");
        });
    }

    /** @param raise {@link dev.detent.spi.export.ExportContext#raiseOpset}: called where a type needs a newer opset */
    public static Graph apply(QuantizedModel model, Set<Form> form, ObjIntConsumer<Graph> raise) {
        QdqGraphBuilder insertion = new QdqGraphBuilder(model.graph(), model.quantization(), form);
        insertion.run();
        if (insertion.needed > insertion.graph.opset()) {
            raise.accept(insertion.graph, insertion.needed);
        }
        return insertion.graph;
    }

    private void run() {
        OwnPairs.mark(edit);
        List<Node> nodes = List.copyOf(graph.nodes());
        Map<String, TensorQuantization> producers = new LinkedHashMap<>();
        for (Node n : nodes) {
            for (TensorQuantization c : quantization.outputs(n)) {
                if (c.state().isActive()) {
                    producers.put(c.value(), c);
                }
            }
        }
        Map<TensorQuantization, Tensor> codes = nodes.parallelStream()
                .flatMap(n -> quantization.inputs(n).stream())
                .filter(c -> c.state().isWritten() && isCoded(c) && !areRows(c) && !isUnpacked(c))
                .collect(Collectors.toConcurrentMap(c -> c, this::codes));
        for (Node n : nodes) {
            List<String> inputs = new ArrayList<>(n.inputs());
            for (TensorQuantization c : quantization.inputs(n)) {
                int index = c.slot().index();
                if (hasOwnUnit(c, n) || c.state().isWritten() && (areRows(c) || isUnpacked(c, n))) {
                    continue;
                }
                if (c.state().isWritten() && graph.isInitializer(c.value())) {
                    inputs.set(index, parameter(c, codes));
                } else if (c.state().isActive()) {
                    inputs.set(index, consumer(c, producers.get(c.value())));
                }
            }
            edit.replace(graph.node(n.name()).orElseThrow().withInputs(inputs));
        }
        for (Node n : nodes) {
            quantization.inputs(n).stream()
                    .filter(c -> c.state().isWritten() && !areRows(c) && isUnpacked(c, n))
                    .forEach(c -> UnpackedWeights.write(edit, c));
        }
        for (Node n : nodes) {
            quantization
                    .input(n, 0)
                    .filter(c -> c.state().isWritten() && areRows(c))
                    .ifPresent(
                            c -> QuantizedRows.write(edit, graph.node(n.name()).orElseThrow(), c));
        }
        producers.forEach((value, c) -> producer(value, c));
        if (form.contains(Form.BEHIND_MOVES)) {
            nodes.stream().filter(QdqGraphBuilder::stops).forEach(this::pairsBehind);
        }
        if (form.contains(Form.SUMMED_PRODUCTS)) {
            SummedProducts.write(edit, quantization);
        }
        nodes.forEach(n -> n.capturedValues().forEach(this::shield));
        SaturatingClips.widen(edit);
        SharedCodes.join(edit);
        edit.sort();
    }

    private boolean areRows(TensorQuantization c) {
        return graph.node(c.slot().node())
                .filter(n -> QuantizedRows.areAt(c, n, graph))
                .isPresent();
    }

    private boolean isUnpacked(TensorQuantization c) {
        return graph.node(c.slot().node()).filter(n -> isUnpacked(c, n)).isPresent();
    }

    /** Nothing that the node reads besides constants is quantized, so that it has no use for codes. */
    private boolean isUnpacked(TensorQuantization c, Node n) {
        return form.contains(Form.UNPACKED_WEIGHTS)
                && UnpackedWeights.areAt(c, graph)
                && !form.contains(Form.FLOAT_WEIGHTS)
                && quantization.inputs(n).stream()
                        .noneMatch(i -> !i.isInitializer() && i.root().state().isActive());
    }

    /** The version of the value that a consumer with its own quantization reads. */
    private String consumer(TensorQuantization c, @Nullable TensorQuantization producer) {
        QuantizationParameters p = c.qparams().orElseThrow();
        if (producer != null
                && producer.scheme().equals(c.scheme())
                && producer.qparams().orElseThrow().equals(p)) {
            return c.value();
        }
        return pairs.computeIfAbsent(new Pair(c.value(), c.scheme(), p), k -> {
            String out = edit.freshName(c.value() + "_dequantized");
            pair(c.value(), c.value(), out, c.scheme(), p);
            return out;
        });
    }

    /** Puts a pair behind the producer; everybody who reads the value reads the dequantized one from now on. */
    private void producer(String value, TensorQuantization c) {
        pair(value, raw(value), value, c.scheme(), c.qparams().orElseThrow());
    }

    /** Makes room for a pair that gives {@code value}: its producer gives another one, whose name is returned. */
    private String raw(String value) {
        Node producer = graph.producer(value).orElseThrow();
        String raw = edit.freshName(value + "_raw");
        int index = producer.outputs().indexOf(value);
        edit.replace(producer.withOutput(index, raw));
        graph.valueInfo(value)
                .ifPresent(v -> edit.valueInfo(new ValueInfo(raw, v.type(), v.shape(), UnmodeledProto.NONE)));
        return raw;
    }

    /**
     * ONNX Runtime (1.28) carries a pair over data movement up to whatever reads the value, and crashes where that is a
     * subgraph. Another pair in front of it stops that; values that lie on its grid stay as they are.
     */
    private void shield(String captured) {
        pairBehind(captured, n -> n.isOneOf(CARRIED));
    }

    private static boolean stops(Node n) {
        return n.isOneOf(STOPPING) && n.stringAttribute("mode", "nearest").matches("nearest|DCR|CRD");
    }

    /** Where somebody reads codes. */
    private void pairsBehind(Node moves) {
        for (String value : moves.outputs()) {
            boolean codes = !value.isEmpty()
                    && graph.uses(value).stream()
                            .anyMatch(u -> quantization
                                    .input(u.node(), u.index())
                                    .filter(c -> c.root().state().isActive())
                                    .isPresent());
            if (codes) {
                pairBehind(value, n -> stops(n) || n.isOneOf(CARRIED));
            }
        }
    }

    /** Repeats the pair in front of movement behind it. */
    private void pairBehind(String captured, Predicate<Node> moves) {
        Optional<Node> source = graph.producer(captured).filter(moves);
        while (source.filter(moves).isPresent()) {
            source = graph.producer(source.get().input(0));
        }
        source.filter(n -> n.opType().equals("DequantizeLinear")
                        && graph.initializer(n.input(1))
                                .filter(s -> s.elementCount() == 1)
                                .isPresent())
                .ifPresent(d -> {
                    String quantized = edit.freshName(captured + "_quantized");
                    half(
                            "QuantizeLinear",
                            d.domain(),
                            captured,
                            List.of(raw(captured), d.input(1), d.input(2)),
                            quantized,
                            Map.of());
                    half(
                            "DequantizeLinear",
                            d.domain(),
                            captured,
                            List.of(quantized, d.input(1), d.input(2)),
                            captured,
                            Map.of());
                });
    }

    private void half(
            String opType,
            String domain,
            String stem,
            List<String> inputs,
            String output,
            Map<String, Attribute> axis) {
        edit.add(Node.of(edit.freshName(stem + "_" + opType), opType, inputs, List.of(output), axis)
                .withOpType(domain, opType));
    }

    private void pair(String stem, String from, String to, Scheme scheme, QuantizationParameters p) {
        Scheme written = form.contains(Form.OTHER_TIES) ? scheme.with(Rounding.HALF_EVEN) : scheme;
        ElementType type = type(written, stem);
        String domain = domain(type);
        String quantized = edit.freshName(stem + "_quantized");
        String scale = constant(
                stem + "_scale",
                Tensor.ofFloats(p.channels() == 1 ? new long[0] : new long[] {p.channels()}, p.scales()));
        String zeroPoint = constant(stem + "_zero_point", zeroPoints(type, p));
        Map<String, Attribute> axis = axis(scheme, p);
        half("QuantizeLinear", domain, stem, List.of(from, scale, zeroPoint), quantized, axis);
        half(
                "DequantizeLinear",
                domain,
                stem,
                List.of(clipped(stem, quantized, scheme, type), scale, zeroPoint),
                to,
                axis);
    }

    private String domain(ElementType type) {
        int opset = type == ElementType.FLOAT8E4M3FN || type == ElementType.FLOAT8E5M2
                ? FLOAT8
                : type.bits() == 16 || type.bits() == 4 ? NARROW_TYPES : 0;
        if (opset > graph.opset() && form.contains(Form.CONTRIB)) {
            edit.opset(MICROSOFT, 1);
            return MICROSOFT;
        }
        needed = Math.max(needed, opset);
        return "";
    }

    /** A scheme narrower than its storage type needs a Clip on the codes. */
    private String clipped(String stem, String quantized, Scheme scheme, ElementType type) {
        if (!type.isInteger() || scheme.quantMin() == type.lowest() && scheme.quantMax() == type.highest()) {
            return quantized;
        }
        String clipped = edit.freshName(stem + "_clipped");
        String min = constant(stem + "_quant_min", Tensor.ofCodes(type, new long[0], (int) scheme.quantMin()));
        String max = constant(stem + "_quant_max", Tensor.ofCodes(type, new long[0], (int) scheme.quantMax()));
        edit.add(Node.of(
                edit.freshName(stem + "_Clip"), "Clip", List.of(quantized, min, max), List.of(clipped), Map.of()));
        return clipped;
    }

    /**
     * A bias of 32 bits with a scale of its own. Who fuses a pair's operators (ONNX Runtime's QLinearConv) takes int32
     * codes for units of input scale x weight scale, whatever stands beside them: so its quantized values are written
     * in float, and its scale is in the record of the run only.
     */
    static boolean hasOwnUnit(TensorQuantization c, Node n) {
        return c.slot().index() == 2
                && c.slot().isInput()
                && n.isOneOf(OperatorTable.biased())
                && c.isInitializer()
                && c.state().isBaked()
                && c.scheme().bits() == ACCUMULATOR_BITS
                && !c.state().isPassive();
    }

    private boolean isCoded(TensorQuantization c) {
        return graph.isInitializer(c.value())
                && !(form.contains(Form.FLOAT_WEIGHTS) && c.scheme().bits() <= 8);
    }

    private Tensor codes(TensorQuantization c) {
        ElementType type = type(c.scheme().with(Rounding.HALF_EVEN), c.value());
        return codes(graph.initializer(c.value()).orElseThrow(), c, type);
    }

    /** What the config makes of a constant, as integers of a type. */
    static Tensor codes(Tensor t, TensorQuantization c, ElementType type) {
        Scheme scheme = c.scheme();
        QuantizationParameters p = c.qparams().orElseThrow();
        float[] values = t.floats();
        int[] codes = new int[values.length];
        int stride = p.channels() == 1
                ? Integer.MAX_VALUE
                : scheme.isPerChannel() ? scheme.granularity().channelStride(t.dims()) : 1;
        for (int i = 0; i < codes.length; i++) {
            int channel = i / stride % p.channels();
            codes[i] = (int) scheme.system().code(values[i], p.scale(channel), p.zeroPoint(channel), scheme);
        }
        return Tensor.ofCodes(type, t.dims(), codes);
    }

    /** Integer codes in place of the values, and a DequantizeLinear in front of the consumer. */
    private String parameter(TensorQuantization c, Map<TensorQuantization, Tensor> codes) {
        Scheme scheme = c.scheme();
        QuantizationParameters p = c.qparams().orElseThrow();
        if (!isCoded(c)) {
            String out = edit.freshName(c.value() + "_dequantized");
            pair(c.value(), c.value(), out, scheme, p);
            return out;
        }
        Tensor coded = Objects.requireNonNull(codes.get(c));
        String stem = c.value();
        String quantized = edit.freshName(stem + "_quantized");
        edit.removeInitializer(stem);
        edit.initializer(quantized, coded);
        String scale = constant(
                stem + "_scale",
                Tensor.ofFloats(p.channels() == 1 ? new long[0] : new long[] {p.channels()}, p.scales()));
        String zeroPoint = constant(stem + "_zero_point", zeroPoints(coded.type(), p));
        String out = edit.freshName(stem + "_dequantized");
        edit.add(Node.of(
                        edit.freshName(stem + "_DequantizeLinear"),
                        "DequantizeLinear",
                        List.of(quantized, scale, zeroPoint),
                        List.of(out),
                        axis(scheme, p))
                .withOpType(domain(coded.type()), "DequantizeLinear"));
        return out;
    }

    private String constant(String stem, Tensor value) {
        String name = edit.freshName(stem);
        edit.initializer(name, value);
        return name;
    }

    private static Map<String, Attribute> axis(Scheme scheme, QuantizationParameters p) {
        return p.channels() > 1
                ? Map.of("axis", new Attribute.IntValue(scheme.axis().orElse(0)))
                : Map.of();
    }

    private static Tensor zeroPoints(ElementType type, QuantizationParameters p) {
        int[] zeroPoints = new int[p.channels()];
        for (int i = 0; i < zeroPoints.length; i++) {
            zeroPoints[i] = (int) p.zeroPoint(i);
        }
        return Tensor.ofCodes(type, p.channels() == 1 ? new long[0] : new long[] {p.channels()}, zeroPoints);
    }

    private static ElementType type(Scheme scheme, String value) {
        return scheme.system()
                .storage(scheme)
                .orElseThrow(() -> new UserException(
                        SupportProblems.NOT_IN_QDQ,
                        "is quantized with " + scheme
                                + ", which QuantizeLinear cannot express; choose another format with --format",
                        value));
    }
}
