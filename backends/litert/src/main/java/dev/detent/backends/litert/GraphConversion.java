package dev.detent.backends.litert;

import dev.detent.backends.litert.BuiltinOptions.Activation;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.QuantizationParameters;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The conversion of a Q/DQ graph into a file. A value is there as floats, as codes, or both; a node whose data are
 * codes and whose result is quantized becomes an integer operator, another one a float operator between DEQUANTIZE and
 * QUANTIZE.
 */
final class GraphConversion {

    private record Arranged(int tensor, AxisOrder order) {}

    /** A constant by its contents: constants that operators need are named after nodes, as others may be. */
    private record Written(
            String name, ElementType type, AxisOrder order, ByteBuffer bytes, Optional<Encoding> encoding) {}

    private final Graph graph;
    private final TfliteFile file = new TfliteFile();
    /** Of float values and indices. */
    private final Map<String, StoredValue> plain = new HashMap<>();
    /** Of values that a DequantizeLinear gives, and of what comes out of operators as codes. */
    private final Map<String, StoredValue> coded = new HashMap<>();
    /** Of what a QuantizeLinear gives. */
    private final Map<String, StoredValue> codes = new HashMap<>();

    private final Map<String, Constant> codedConstants = new HashMap<>();
    private final Map<Arranged, StoredValue> arranged = new HashMap<>();
    private final Map<Written, Integer> constants = new HashMap<>();
    private final Map<String, long[]> shapes = new HashMap<>();
    private final Set<String> names = new HashSet<>();
    private final Set<Node> done = new HashSet<>();

    private GraphConversion(Graph graph) {
        this.graph = graph;
    }

    /**
     * Converts a graph.
     *
     * @param graph with Q/DQ nodes in execution order and fixed shapes
     * @param name of the model
     * @param floatEnds inputs and outputs in float, also where they are quantized
     * @throws UserException when a node has no counterpart
     */
    static byte[] file(Graph graph, String name, boolean floatEnds) {
        GraphConversion n = new GraphConversion(graph);
        graph.inputs().forEach(i -> n.input(i, floatEnds));
        for (Node node : graph.nodes()) {
            if (!n.done.contains(node)) {
                switch (node.opType()) {
                    case "QuantizeLinear" -> n.quantize(node);
                    case "DequantizeLinear" -> n.dequantize(node);
                    default -> Operators.write(n.call(node));
                }
            }
        }
        graph.outputs().forEach(o -> n.output(o, floatEnds));
        return n.file.bytes(name);
    }

    Graph graph() {
        return graph;
    }

    // Ends

    private void input(ValueInfo input, boolean floatEnds) {
        long[] dims = shape(input.name());
        AxisOrder order = dims.length == 4 ? AxisOrder.channelsLast(4) : AxisOrder.natural(dims.length);
        Set<Node> readers = graph.consumers(input.name());
        List<Node> pairs = readers.stream().filter(n -> n.is("QuantizeLinear")).toList();
        boolean oneEncoding = pairs.stream().map(this::encoding).distinct().count() == 1;
        boolean onlyCodes = oneEncoding && pairs.size() == readers.size() && !graph.isOutput(input.name());
        StoredValue stored;
        if (onlyCodes && !floatEnds) {
            Encoding e = encoding(pairs.get(0));
            stored = tensor(input.name(), dims, order, e.type(), Optional.of(e));
            pairs.forEach(q -> codes.put(q.output(0), stored));
        } else {
            // The name is that of the codes, which the model's record has.
            String name = oneEncoding ? input.name() + "_float" : input.name();
            stored = tensor(name, dims, order, input.type(), Optional.empty());
            plain.put(input.name(), stored);
        }
        file.input(input.name(), stored.tensor());
    }

    private void output(ValueInfo output, boolean floatEnds) {
        String value = output.name();
        boolean inCodes = coded.containsKey(value) && !floatEnds;
        int rank = shape(value).length;
        AxisOrder order = rank == 4 ? AxisOrder.channelsLast(4) : AxisOrder.natural(rank);
        file.output(value, read(value, inCodes, order).tensor());
    }

    // Q and DQ

    private Encoding encoding(Node half) {
        float[] scales = graph.initializer(half.input(1))
                .orElseThrow(() ->
                        new UserException(LitertProblems.NO_OPERATOR, "has a scale that is computed", half.name()))
                .floats();
        Tensor zero = graph.initializer(half.input(2)).orElseThrow();
        float[] zeroPoints = new float[scales.length];
        int[] z = zero.codes();
        for (int i = 0; i < zeroPoints.length; i++) {
            zeroPoints[i] = z[z.length == 1 ? 0 : i];
        }
        int axis = scales.length == 1 ? 0 : (int) half.intAttribute("axis", 1);
        return new Encoding(zero.type(), new QuantizationParameters(scales, zeroPoints), axis);
    }

    private void quantize(Node q) {
        String from = q.input(0);
        if (codes.containsKey(q.output(0))) {
            return;
        }
        Encoding wanted = encoding(q);
        Optional<Constant> constant = constant(from);
        if (constant.isPresent()) {
            Constant c = constant.get().as(wanted);
            codes.put(q.output(0), constant(c, AxisOrder.natural(c.values().rank())));
            return;
        }
        StoredValue source = coded.containsKey(from) ? Objects.requireNonNull(coded.get(from)) : read(from, false);
        codes.put(q.output(0), requantized(source, wanted, names(q)));
    }

    private void dequantize(Node dq) {
        Optional<Tensor> constant = graph.initializer(dq.input(0));
        if (constant.isPresent()) {
            String name = dq.input(0).replaceFirst("_quantized(_\\d+)?$", "");
            codedConstants.put(dq.output(0), new Constant(name, constant.get(), Optional.of(encoding(dq))));
        } else {
            StoredValue stored = codes.get(dq.input(0));
            if (stored == null) {
                throw new UserException(
                        LitertProblems.NO_OPERATOR,
                        "has codes narrower than their type, for which LiteRT has no type",
                        dq.name());
            }
            coded.put(dq.output(0), stored);
        }
    }

    /** What the tensor of a QuantizeLinear is called: as the value is in the model. */
    private String names(Node q) {
        return graph.uses(q.output(0)).stream()
                .map(u -> u.node().output(0))
                .findFirst()
                .orElse(q.output(0))
                .replaceFirst("_dequantized(_\\d+)?$", "");
    }

    /** In the encoding, through a QUANTIZE where it has another one, or none. */
    StoredValue requantized(StoredValue s, Encoding wanted, String name) {
        if (s.encoding().filter(wanted::equals).isPresent()) {
            return s;
        }
        StoredValue out = tensor(name, s.dims(), s.order(), wanted.type(), Optional.of(wanted));
        operator(BuiltinOperator.QUANTIZE, BuiltinOptions.none(), List.of(s.tensor()), out);
        return out;
    }

    // Nodes

    private NodeConversion call(Node node) {
        String value = node.output(0);
        Activation activation = Activation.NONE;
        List<Graph.Use> uses = graph.uses(value);
        if (Operators.FUSING.contains(node.opType()) && uses.size() == 1 && !graph.isOutput(value)) {
            Node next = uses.get(0).node();
            Activation fused = uses.get(0).index() == 0 ? Pointwise.activation(this, next) : Activation.NONE;
            if (fused != Activation.NONE) {
                activation = fused;
                done.add(next);
                value = next.output(0);
            }
        }
        List<Graph.Use> readers = graph.uses(value);
        Optional<Node> q = readers.size() == 1 && readers.get(0).node().is("QuantizeLinear") && !graph.isOutput(value)
                ? Optional.of(readers.get(0).node())
                : Optional.empty();
        return new NodeConversion(this, node, value, q.map(this::encoding), activation);
    }

    /** The type of the value's codes; empty when there are none. */
    Optional<ElementType> codeType(String value) {
        return Optional.ofNullable(codedConstants.get(value))
                .map(Constant::type)
                .or(() -> Optional.ofNullable(coded.get(value)).map(StoredValue::type));
    }

    /** A constant, also where its DequantizeLinear comes later. */
    Optional<Constant> constantBehind(String value) {
        graph.producer(value)
                .filter(p -> p.is("DequantizeLinear") && graph.isInitializer(p.input(0)))
                .ifPresent(this::dequantize);
        return constant(value);
    }

    /** A constant, as codes where it has any. */
    Optional<Constant> constant(String value) {
        Constant c = codedConstants.get(value);
        return c != null ? Optional.of(c) : graph.initializer(value).map(t -> new Constant(value, t, Optional.empty()));
    }

    /** The order in which a value lies; natural for constants. */
    AxisOrder orderOf(String value) {
        StoredValue s = coded.getOrDefault(value, plain.get(value));
        return s == null ? AxisOrder.natural(shape(value).length) : s.order();
    }

    /** The value as it lies. */
    StoredValue read(String value, boolean inCodes) {
        Optional<Constant> constant = constant(value);
        if (constant.isPresent()) {
            Constant c = inCodes ? constant.get() : constant.get().inFloat();
            return constant(c, AxisOrder.natural(c.values().rank()));
        }
        if (inCodes) {
            return Objects.requireNonNull(coded.get(value), value);
        }
        StoredValue there = plain.get(value);
        if (there != null) {
            return there;
        }
        StoredValue source = coded.get(value);
        if (source == null) {
            throw new UserException(LitertProblems.NO_OPERATOR, "is read before it is there", value);
        }
        StoredValue out = tensor(value, source.dims(), source.order(), ElementType.FLOAT, Optional.empty());
        operator(BuiltinOperator.DEQUANTIZE, BuiltinOptions.none(), List.of(source.tensor()), out);
        plain.put(value, out);
        return out;
    }

    /** The value with its axes in this order; one of fewer axes gets ones in front, as broadcasting wants them. */
    StoredValue read(String value, boolean inCodes, AxisOrder order) {
        Optional<Constant> constant = constant(value);
        if (constant.isPresent()) {
            Constant c = inCodes ? constant.get() : constant.get().inFloat();
            return constant(c.reshaped(widened(c.values().dims(), order.rank())), order);
        }
        StoredValue s = read(value, inCodes);
        if (s.dims().length < order.rank()) {
            StoredValue natural = lyingNaturally(s);
            long[] dims = widened(s.dims(), order.rank());
            s = reshaped(name(s), natural, dims, AxisOrder.natural(dims.length));
        }
        return arranged(s, order);
    }

    private static long[] widened(long[] dims, int rank) {
        long[] wide = new long[Math.max(rank, dims.length)];
        Arrays.fill(wide, 1);
        System.arraycopy(dims, 0, wide, wide.length - dims.length, dims.length);
        return wide;
    }

    /** In another order: through a TRANSPOSE, or a RESHAPE where only axes of size 1 change places. */
    StoredValue arranged(StoredValue s, AxisOrder order) {
        if (s.order().equals(order)) {
            return s;
        }
        Arranged key = new Arranged(s.tensor(), order);
        StoredValue there = arranged.get(key);
        if (there != null) {
            return there;
        }
        StoredValue out;
        if (s.order().liesAs(order, s.dims())) {
            out = reshaped(name(s), s, s.dims(), order);
        } else {
            out = tensor(name(s), s.dims(), order, s.type(), s.encoding());
            int permutation = integers(s.order().permutationTo(order));
            operator(BuiltinOperator.TRANSPOSE, BuiltinOptions.none(), List.of(s.tensor(), permutation), out);
        }
        arranged.put(key, out);
        return out;
    }

    /** Whose elements lie as ONNX has them, whatever its order says. */
    StoredValue lyingNaturally(StoredValue s) {
        AxisOrder natural = AxisOrder.natural(s.dims().length);
        return s.order().liesAs(natural, s.dims()) ? s : arranged(s, natural);
    }

    private String name(StoredValue s) {
        return file.tensor(s.tensor()).name();
    }

    /** The same elements under another shape. */
    StoredValue reshaped(String name, StoredValue s, long[] dims, AxisOrder order) {
        StoredValue out = tensor(name, dims, order, s.type(), s.encoding());
        operator(
                BuiltinOperator.RESHAPE,
                BuiltinOptions.none(),
                List.of(s.tensor(), integers(NodeConversion.ints(out.shape()))),
                out);
        return out;
    }

    /** Says where a result is. Codes go on as codes, in the encoding that the model wants. */
    void define(String value, StoredValue s, Optional<Encoding> wanted) {
        if (s.encoding().isEmpty()) {
            plain.put(value, s);
            return;
        }
        coded.put(value, s);
        wanted.ifPresent(w -> {
            Node q = graph.uses(value).get(0).node();
            codes.put(q.output(0), requantized(s, w, names(q)));
        });
    }

    /** One value is another under a new name. */
    void alias(String value, String source) {
        if (codedConstants.containsKey(source)) {
            codedConstants.put(value, Objects.requireNonNull(codedConstants.get(source)));
        } else if (coded.containsKey(source)) {
            coded.put(value, Objects.requireNonNull(coded.get(source)));
        } else {
            plain.put(value, read(source, false));
        }
    }

    // Tensors

    /** A new tensor that some operator gives. */
    StoredValue tensor(String name, long[] dims, AxisOrder order, ElementType type, Optional<Encoding> encoding) {
        int number = file.tensor(new FileTensor(unique(name), order.apply(dims), type, encoding, Optional.empty()));
        return new StoredValue(number, dims, order, type, encoding);
    }

    /** A constant with its axes in an order; the same one is written once. */
    StoredValue constant(Constant c, AxisOrder order) {
        Constant moved = c.transposed(order);
        long[] dims = c.values().dims();
        Written key = new Written(c.name(), c.type(), order, c.values().bytes(), c.encoding());
        Integer number = constants.get(key);
        if (number == null) {
            Tensor t = moved.values();
            number = file.tensor(
                    new FileTensor(unique(c.name()), t.dims(), t.type(), moved.encoding(), Optional.of(t.bytes())));
            constants.put(key, number);
        }
        return new StoredValue(number, dims, order, c.type(), moved.encoding());
    }

    /** A vector of int32: shapes, axes, permutations. */
    int integers(int... values) {
        return integers(new long[] {values.length}, values);
    }

    /** An int32 tensor. */
    int integers(long[] dims, int... values) {
        String name = "int32" + Arrays.toString(dims) + Arrays.toString(values);
        Tensor t = Tensor.ofCodes(ElementType.INT32, dims, values);
        return constant(new Constant(name, t, Optional.empty()), AxisOrder.natural(dims.length))
                .tensor();
    }

    /** Appends an operator with one result. */
    void operator(BuiltinOperator op, BuiltinOptions options, List<Integer> in, StoredValue out) {
        operator(op, options, in, out.type(), out.tensor());
    }

    /** Appends an operator. */
    void operator(BuiltinOperator op, BuiltinOptions options, List<Integer> in, ElementType data, int... out) {
        // DEQUANTIZE's version is that of what it reads.
        ElementType type =
                op == BuiltinOperator.DEQUANTIZE ? file.tensor(in.get(0)).type() : data;
        file.operator(op, options, type, in.stream().mapToInt(i -> i).toArray(), out);
    }

    private String unique(String stem) {
        String name = stem;
        for (int i = 1; !names.add(name); i++) {
            name = stem + "_" + i;
        }
        return name;
    }

    /** ONNX's shape of a value; Q/DQ nodes keep that of what they read. */
    long[] shape(String value) {
        long[] known = shapes.get(value);
        if (known == null) {
            known = knownShape(value);
            shapes.put(value, known);
        }
        return known;
    }

    private long[] knownShape(String value) {
        @Nullable Tensor constant = graph.initializer(value).orElse(null);
        if (constant != null) {
            return constant.dims();
        }
        Optional<long[]> declared = graph.valueInfo(value).flatMap(ValueInfo::staticShape);
        if (declared.isPresent()) {
            return declared.get();
        }
        return graph.producer(value)
                .filter(p -> p.is("QuantizeLinear", "DequantizeLinear"))
                .map(p -> shape(p.input(0)))
                .orElseThrow(() ->
                        new UserException(LitertProblems.NO_SHAPE, "has no fixed shape, which LiteRT wants", value));
    }
}
