package dev.detent.backends.litert;

import dev.detent.backends.litert.BuiltinOptions.Activation;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.problem.UserException;
import dev.detent.support.operator.InputRole;
import dev.detent.support.operator.OperatorTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The conversion of one node into operators of the file. */
final class NodeConversion {

    private final GraphConversion net;
    private final Node node;
    private final String value;
    private final Optional<Encoding> wanted;
    private final Activation activation;
    private final boolean integer;

    /**
     * @param value what the node gives, after what is fused behind it
     * @param wanted encoding of that value; empty when others than one QuantizeLinear read it
     */
    NodeConversion(GraphConversion net, Node node, String value, Optional<Encoding> wanted, Activation activation) {
        this.net = net;
        this.node = node;
        this.value = value;
        this.wanted = wanted;
        this.activation = activation;
        boolean moves = Operators.MOVES.contains(node.opType());
        this.integer = Operators.INTEGER.contains(node.opType())
                && (moves || wanted.isPresent())
                && hasCodes()
                && !Pools.isCorrected(node, net);
    }

    /** All data are codes. */
    private boolean hasCodes() {
        boolean some = false;
        for (int i = 0; i < node.inputs().size(); i++) {
            InputRole role = OperatorTable.role(node, i, net.graph());
            boolean data = role == InputRole.DATA || role == InputRole.WEIGHT || role == InputRole.PARAMETER;
            if (data && node.hasInput(i)) {
                ElementType type = net.codeType(node.input(i)).orElse(ElementType.FLOAT);
                if (type == ElementType.FLOAT
                        || type == ElementType.INT16 && !Operators.INTEGER_16.contains(node.opType())) {
                    return false;
                }
                some |= net.constant(node.input(i)).isEmpty();
            }
        }
        return some;
    }

    GraphConversion net() {
        return net;
    }

    Node node() {
        return node;
    }

    /** Computed in integers. */
    boolean isInteger() {
        return integer;
    }

    Activation activation() {
        return activation;
    }

    /** What the result's tensor is called: codes as the model calls their value. */
    String name() {
        return integer ? value.replaceFirst("_raw(_\\d+)?$", "") : value;
    }

    /** The encoding of the result, where the model says one. */
    Optional<Encoding> wanted() {
        return integer ? wanted : Optional.empty();
    }

    /** ONNX's shape of an input. */
    long[] shape(int input) {
        return net.shape(node.input(input));
    }

    /** ONNX's shape of the result. */
    long[] outputShape() {
        return net.shape(node.output(0));
    }

    StoredValue in(int i) {
        return net.read(node.input(i), integer);
    }

    StoredValue in(int i, AxisOrder order) {
        return net.read(node.input(i), integer, order);
    }

    AxisOrder orderOf(int i) {
        return net.orderOf(node.input(i));
    }

    /** An input that must be a constant. */
    Constant constant(int i, String what) {
        return net.constant(node.input(i)).orElseThrow(() -> refused("has " + what + " that is computed"));
    }

    /** Whole numbers of an input, or of an attribute in older opsets; empty when there are none. */
    Optional<long[]> longs(int input, String attribute) {
        if (node.hasInput(input)) {
            return Optional.of(constant(input, "'" + attribute + "'").values().longs());
        }
        List<Long> values = node.intsAttribute(attribute, List.of());
        return values.isEmpty()
                ? Optional.empty()
                : Optional.of(values.stream().mapToLong(v -> v).toArray());
    }

    /** An axis counted from 0. */
    int axis(String attribute, long otherwise, int rank) {
        long axis = node.intAttribute(attribute, otherwise);
        return (int) (axis < 0 ? axis + rank : axis);
    }

    /** This node cannot be written. */
    UserException refused(String why) {
        return new UserException(LitertProblems.NO_OPERATOR, node.opType() + " " + why, node.name());
    }

    /** The operator's result becomes the node's: in the encoding that the model wants, or in the one given. */
    void gives(
            BuiltinOperator op, BuiltinOptions options, List<StoredValue> in, AxisOrder order, Optional<Encoding> own) {
        gives(make(op, options, in, outputShape(), order, own.or(this::wanted)));
    }

    void gives(BuiltinOperator op, BuiltinOptions options, List<StoredValue> in, AxisOrder order) {
        gives(op, options, in, order, Optional.empty());
    }

    /** Codes pass through unchanged. */
    void moves(BuiltinOperator op, BuiltinOptions options, List<StoredValue> in, AxisOrder order) {
        gives(op, options, in, order, in.get(0).encoding());
    }

    /** The result is there. */
    void gives(StoredValue s) {
        net.define(value, s, wanted());
    }

    /** The result of an output other than the first is there. */
    void gives(int output, StoredValue s) {
        net.define(node.output(output), s, Optional.empty());
    }

    /** An operator whose result is not the node's own, or not yet. */
    StoredValue make(
            BuiltinOperator op,
            BuiltinOptions options,
            List<StoredValue> in,
            long[] dims,
            AxisOrder order,
            Optional<Encoding> encoding) {
        boolean last = encoding.isEmpty() || wanted.isEmpty() || encoding.equals(wanted);
        return make(op, options, in, dims, order, encoding, last ? name() : name() + "_before");
    }

    private StoredValue make(
            BuiltinOperator op,
            BuiltinOptions options,
            List<StoredValue> in,
            long[] dims,
            AxisOrder order,
            Optional<Encoding> encoding,
            String name) {
        Optional<Encoding> own = integer ? encoding : Optional.empty();
        ElementType type = own.map(Encoding::type)
                .orElse(
                        in.get(0).encoding().isPresent()
                                ? ElementType.FLOAT
                                : in.get(0).type());
        StoredValue out = net.tensor(name, dims, order, type, own);
        List<Integer> numbers = new ArrayList<>();
        in.forEach(i -> numbers.add(i.tensor()));
        net.operator(op, options, numbers, out);
        return out;
    }

    /** An int32 vector as an operator's input. */
    StoredValue integers(int... values) {
        return new StoredValue(
                net.integers(values),
                new long[] {values.length},
                AxisOrder.natural(1),
                ElementType.INT32,
                Optional.empty());
    }

    /** The same of sizes, offsets or steps. */
    StoredValue integers(long[] values) {
        return integers(ints(values));
    }

    static int[] ints(long[] values) {
        return Arrays.stream(values).mapToInt(Math::toIntExact).toArray();
    }

    /** A float constant of one element, as codes of an encoding where the node is an integer one. */
    StoredValue number(float number, Optional<Encoding> encoding, int rank) {
        long[] dims = new long[rank];
        Arrays.fill(dims, 1);
        Constant c = new Constant("float" + number, Tensor.ofFloats(dims, number), Optional.empty());
        return net.constant(encoding.map(c::as).orElse(c), AxisOrder.natural(rank));
    }
}
