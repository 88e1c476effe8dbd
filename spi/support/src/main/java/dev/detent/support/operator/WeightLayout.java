package dev.detent.support.operator;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.quant.Scheme;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Which output and which input channel each element of a weight belongs to: of a dense weight, or of one in groups,
 * where every output channel reads the input channels of its group alone.
 */
public final class WeightLayout {

    /** How an operator wants its weight. */
    public enum Order {
        /** [out, in / groups, ...], as Conv. */
        OUT_IN,
        /** [in, out / groups, ...], as ConvTranspose. */
        IN_OUT,
        /** [in, out], or [out, in] with transB = 1, as Gemm. */
        BY_TRANS_B,
        /** [in, out], as MatMul. */
        MATRIX;

        static Order of(String word) {
            return valueOf(word.replace('-', '_').toUpperCase(Locale.ROOT));
        }

        /**
         * Along which axis the output channels lie. MATRIX has none for a vector, which MatMul contracts, nor for a
         * stack of matrices, each with channels of its own; a stack of one is a matrix.
         */
        private OptionalInt outputAxis(Node node, long[] dims) {
            return switch (this) {
                case OUT_IN -> OptionalInt.of(0);
                case IN_OUT -> OptionalInt.of(1);
                case BY_TRANS_B -> OptionalInt.of(node.intAttribute("transB", 0) == 1 ? 0 : 1);
                case MATRIX ->
                    dims.length == 2 || dims.length == 3 && dims[0] == 1
                            ? OptionalInt.of(dims.length - 1)
                            : OptionalInt.empty();
            };
        }
    }

    private final Side output;
    private final Side input;
    private final int groups;

    private WeightLayout(Side output, Side input, int groups) {
        this.output = output;
        this.input = input;
        this.groups = groups;
    }

    /**
     * One of the two axes of channels.
     *
     * @param stride elements from one step along the axis to the next
     * @param ofAllGroups the axis counts the channels of all groups, otherwise those of one
     */
    private record Side(int size, int stride, boolean ofAllGroups) {
        static Side of(long[] dims, int axis, boolean ofAllGroups) {
            int stride = 1;
            for (int d = axis + 1; d < dims.length; d++) {
                stride *= (int) dims[d];
            }
            return new Side((int) dims[axis], stride, ofAllGroups);
        }

        int at(int element) {
            return element / stride % size;
        }
    }

    /** Of input 1 of a weighted operator; empty when that has no output channels, or the node no weight. */
    public static Optional<WeightLayout> of(Node node, Tensor weight) {
        Optional<Order> order = order(node);
        long[] dims = weight.dims();
        OptionalInt axis = order.map(o -> o.outputAxis(node, dims)).orElse(OptionalInt.empty());
        if (axis.isEmpty() || axis.getAsInt() >= dims.length || dims.length < 2) {
            return Optional.empty();
        }
        int out = axis.getAsInt();
        int in = order.get() == Order.MATRIX ? out - 1 : 1 - out;
        boolean grouped = order.get() == Order.OUT_IN || order.get() == Order.IN_OUT;
        int groups = grouped ? (int) node.intAttribute("group", 1) : 1;
        boolean byInput = order.get() == Order.IN_OUT;
        return Optional.of(new WeightLayout(Side.of(dims, out, !byInput), Side.of(dims, in, byInput), groups));
    }

    /**
     * The axis of input 1 along which one scale per output channel runs. A weight that is computed counts as one of the
     * usual rank.
     */
    public static OptionalInt outputAxis(Node node, Graph graph) {
        long[] dims = graph.initializer(node.input(1)).map(Tensor::dims).orElse(new long[2]);
        return order(node).map(o -> o.outputAxis(node, dims)).orElse(OptionalInt.of(0));
    }

    /** The scheme with one scale per output channel of input 1, or as it is where there are no output channels. */
    public static Scheme perOutputChannel(Scheme scheme, Node node, Graph graph) {
        OptionalInt axis = outputAxis(node, graph);
        return axis.isPresent() ? scheme.perChannel(axis.getAsInt()) : scheme;
    }

    private static Optional<Order> order(Node node) {
        return OperatorTable.of(node, Integer.MAX_VALUE).flatMap(Operator::layout);
    }

    /** Groups of the convolution; 1 for every other operator. */
    public int groups() {
        return groups;
    }

    /** Output channels of all groups together. */
    public int outputChannels() {
        return channels(output);
    }

    /** Input channels of all groups together. */
    public int inputChannels() {
        return channels(input);
    }

    /** The output channel of the element at a flat index. */
    public int output(int element) {
        return channel(element, output, input);
    }

    /** The input channel of the element at a flat index. */
    public int input(int element) {
        return channel(element, input, output);
    }

    private int channels(Side side) {
        return side.ofAllGroups() ? side.size() : side.size() * groups;
    }

    private int channel(int element, Side side, Side other) {
        return side.ofAllGroups() || groups == 1
                ? side.at(element)
                : other.at(element) / (other.size() / groups) * side.size() + side.at(element);
    }
}
