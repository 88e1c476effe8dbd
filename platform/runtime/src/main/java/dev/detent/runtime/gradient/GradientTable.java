package dev.detent.runtime.gradient;

import dev.detent.spi.graph.Node;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;

/** The gradients of ONNX's operators, one row each. Immutable; any thread may ask. */
public final class GradientTable {

    private static final Map<String, GradientRule> ROWS = rows();

    private GradientTable() {}

    private static Map<String, GradientRule> rows() {
        Map<String, GradientRule> rows = new TreeMap<>();
        rows.putAll(FunctionGradients.ROWS);
        rows.putAll(ArithmeticGradients.ROWS);
        rows.putAll(ConvolutionGradients.ROWS);
        rows.putAll(MatrixGradients.ROWS);
        rows.putAll(PoolingGradients.ROWS);
        rows.putAll(NormalizationGradients.ROWS);
        rows.putAll(MovementGradients.ROWS);
        rows.put("Resize", ResizeGradient::apply);
        return Collections.unmodifiableMap(rows);
    }

    /** Operators of ONNX's own domain that have a gradient. */
    public static Set<String> operators() {
        return ROWS.keySet();
    }

    static Optional<GradientRule> of(Node node) {
        return node.domain().isEmpty() ? Optional.ofNullable(ROWS.get(node.opType())) : Optional.empty();
    }

    /**
     * Whether a gradient can pass the node.
     *
     * @param isConstant whether a value of the graph is a constant: some operators have a gradient only where it is
     *     known along which axes they work
     */
    public static boolean has(Node node, Predicate<String> isConstant) {
        boolean known = switch (node.opType()) {
            case "ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin" -> isAbsentOrConstant(node, 1, isConstant);
            case "Pad" -> isAbsentOrConstant(node, 1, isConstant) && isAbsentOrConstant(node, 3, isConstant);
            case "Resize" -> node.hasInput(3) || isConstant.test(node.input(2));
            default -> true;
        };
        return known && of(node).isPresent();
    }

    private static boolean isAbsentOrConstant(Node node, int input, Predicate<String> isConstant) {
        return !node.hasInput(input) || isConstant.test(node.input(input));
    }
}
