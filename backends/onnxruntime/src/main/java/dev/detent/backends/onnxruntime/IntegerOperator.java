package dev.detent.backends.onnxruntime;

import dev.detent.spi.graph.Node;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The operators that have an integer twin: ONNX's QLinearConv and QLinearMatMul, and those of ONNX Runtime's domain
 * com.microsoft (onnxruntime/docs/ContribOperators.md).
 *
 * @param floatType what it takes the place of
 * @param layout where its inputs are
 * @param when which nodes of {@code floatType} it can stand for
 * @param dropped attributes of the float operator that it does not have
 */
record IntegerOperator(
        String floatType, String domain, String opType, Layout layout, Predicate<Node> when, Set<String> dropped) {

    static final String MICROSOFT = "com.microsoft";

    /** Where an operator has its inputs: every operand is codes, scale and zero point in a row. */
    enum Layout {
        CONV(2, 0, 6, 8),
        GEMM(2, 0, 7, 6),
        BINARY(2, 0, 6, -1),
        UNARY(1, 0, 3, -1),
        CONCAT(-1, 2, 0, -1);

        private final int operands;
        private final int first;
        private final int output;
        private final int bias;

        /**
         * @param operands their number; -1 for any
         * @param first input with the first operand's codes
         * @param output input with the output's scale; the next one has its zero point
         * @param bias input with the bias; -1 where there is none
         */
        Layout(int operands, int first, int output, int bias) {
            this.operands = operands;
            this.first = first;
            this.output = output;
            this.bias = bias;
        }

        /** How many inputs of the float operator become operands. */
        int operands(int floatInputs) {
            return operands < 0 ? floatInputs : Math.min(operands, floatInputs);
        }

        /** How many operands a node of the integer operator has. */
        int operandsOf(Node integer) {
            return operands < 0 ? (integer.inputs().size() - first) / 3 : operands;
        }

        /** The float inputs that have to come from a DequantizeLinear. */
        int coded(int floatInputs) {
            return this == UNARY ? 1 : floatInputs;
        }

        int codes(int operand) {
            return first + 3 * operand;
        }

        int scale(int operand) {
            return codes(operand) + 1;
        }

        /** Input with the output's scale. */
        int outputScale() {
            return output;
        }

        Optional<String> bias(Node integer) {
            return bias >= 0 && integer.hasInput(bias) ? Optional.of(integer.input(bias)) : Optional.empty();
        }

        /** The integer operator's inputs. */
        List<String> inputs(List<Codes> codes, String outputScale, String outputZeroPoint) {
            int operands = operands(codes.size());
            int last = Math.max(output + 1, scale(operands - 1) + 1);
            boolean biased = bias >= 0 && codes.size() > operands;
            List<String> inputs = new ArrayList<>(Collections.nCopies(Math.max(last, biased ? bias : 0) + 1, ""));
            for (int i = 0; i < operands; i++) {
                inputs.set(codes(i), codes.get(i).value());
                inputs.set(scale(i), codes.get(i).scale());
                inputs.set(scale(i) + 1, codes.get(i).zeroPoint());
            }
            inputs.set(output, outputScale);
            inputs.set(output + 1, outputZeroPoint);
            if (biased) {
                inputs.set(bias, codes.get(operands).value());
            }
            return inputs;
        }
    }

    /** The integer side of a dequantized value. */
    record Codes(String value, String scale, String zeroPoint) {}

    private static final List<IntegerOperator> TABLE = List.of(
            onnx("Conv", "QLinearConv", Layout.CONV),
            onnx("MatMul", "QLinearMatMul", Layout.BINARY),
            // Some builds' QGemm knows no transA with integers; none has factors.
            new IntegerOperator("Gemm", MICROSOFT, "QGemm", Layout.GEMM, IntegerOperator::hasNoFactors, Set.of("beta")),
            contrib("Add", "QLinearAdd", Layout.BINARY),
            contrib("Mul", "QLinearMul", Layout.BINARY),
            contrib("Sigmoid", "QLinearSigmoid", Layout.UNARY),
            contrib("LeakyRelu", "QLinearLeakyRelu", Layout.UNARY),
            contrib("GlobalAveragePool", "QLinearGlobalAveragePool", Layout.UNARY),
            contrib("AveragePool", "QLinearAveragePool", Layout.UNARY),
            contrib("Concat", "QLinearConcat", Layout.CONCAT));

    /** Operators that take codes as they take floats, where input and output have one scale and zero point. */
    static final Set<String> MOVES =
            Set.of("MaxPool", "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Slice", "Identity");

    private static final Map<String, IntegerOperator> BY_FLOAT =
            TABLE.stream().collect(Collectors.toMap(IntegerOperator::floatType, Function.identity()));
    private static final Map<String, IntegerOperator> BY_INTEGER =
            TABLE.stream().collect(Collectors.toMap(IntegerOperator::opType, Function.identity()));

    private static IntegerOperator onnx(String floatType, String opType, Layout layout) {
        return new IntegerOperator(floatType, "", opType, layout, n -> fits(n, layout), Set.of());
    }

    private static IntegerOperator contrib(String floatType, String opType, Layout layout) {
        return new IntegerOperator(floatType, MICROSOFT, opType, layout, n -> fits(n, layout), Set.of());
    }

    private static boolean fits(Node n, Layout layout) {
        return layout != Layout.BINARY || n.inputs().size() == 2;
    }

    private static boolean hasNoFactors(Node n) {
        return n.intAttribute("transA", 0) == 0
                && n.floatAttribute("alpha", 1) == 1
                && n.floatAttribute("beta", 1) == 1;
    }

    /** The twin of a float node. */
    static Optional<IntegerOperator> ofFloat(Node n) {
        return n.domain().isEmpty()
                ? Optional.ofNullable(BY_FLOAT.get(n.opType()))
                        .filter(o -> o.when().test(n))
                : Optional.empty();
    }

    /** The operator of an integer node. */
    static Optional<IntegerOperator> ofInteger(Node n) {
        return Optional.ofNullable(BY_INTEGER.get(n.opType()));
    }

    /** Whether nodes of this type may become integer ones. */
    static boolean isKnown(Node n) {
        return n.domain().isEmpty() && (BY_FLOAT.containsKey(n.opType()) || MOVES.contains(n.opType()));
    }
}
