package dev.detent.support.operator;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Families of ONNX operators that rules are written in terms of. */
public final class Operators {

    /** Multiply by a weight (input 1) and may add a bias (input 2). */
    public static final Set<String> WEIGHTED = Set.of("Conv", "ConvTranspose", "Gemm", "MatMul");

    /** Weighted operators with a bias input. */
    public static final Set<String> BIASED = Set.of("Conv", "ConvTranspose", "Gemm");

    /** Move, select or repeat elements of their first input without changing one. */
    public static final Set<String> MOVEMENT = Set.of(
            "MaxPool",
            "GlobalMaxPool",
            "Reshape",
            "Flatten",
            "Transpose",
            "Squeeze",
            "Unsqueeze",
            "Slice",
            "Split",
            "Gather",
            "Identity",
            "Pad",
            "Resize",
            "DepthToSpace",
            "SpaceToDepth",
            "Expand",
            "Tile");

    public static final Set<String> POOLING = Set.of("AveragePool", "GlobalAveragePool", "MaxPool", "GlobalMaxPool");

    public static final Set<String> ELEMENTWISE = Set.of("Add", "Sub", "Mul", "Div", "Max", "Min");

    /** Element-wise functions that integer kernels have or fuse. */
    public static final Set<String> ACTIVATIONS =
            Set.of("Relu", "Clip", "PRelu", "LeakyRelu", "Sigmoid", "HardSigmoid", "HardSwish", "Tanh", "Elu", "Gelu");

    /** Outputs are probabilities in [0, 1]. */
    public static final Set<String> PROBABILITIES = Set.of("Sigmoid", "Softmax", "HardSigmoid");

    /** Functions whose result is never negative. */
    public static final Set<String> NON_NEGATIVE =
            Set.of("Relu", "Sigmoid", "Softmax", "HardSigmoid", "Abs", "Exp", "Sqrt");

    /** Not negative when their first input is not. */
    private static final Set<String> KEEP_SIGN = plus(MOVEMENT, "AveragePool GlobalAveragePool Clip");

    /** Not negative when no input is. */
    private static final Set<String> JOIN_SIGNS = Set.of("Add", "Mul", "Concat", "Max");

    private Operators() {}

    /** Values of which the graph alone says that no element is negative, whatever the model is fed. */
    public static Set<String> neverNegative(Graph graph) {
        Set<String> values = new LinkedHashSet<>();
        for (Node n : graph.nodes()) {
            boolean bounded = n.isOneOf(NON_NEGATIVE)
                    || n.is("Clip") && isAtLeastZero(n.input(1), graph)
                    || n.isOneOf(KEEP_SIGN)
                            && values.contains(n.input(0))
                            && !(n.is("Pad", "Clip") && n.hasInput(2) && !isAtLeastZero(n.input(2), graph))
                    || n.isOneOf(JOIN_SIGNS) && values.containsAll(n.inputs());
            if (bounded && n.domain().isEmpty()) {
                values.addAll(n.outputs());
            }
        }
        return values;
    }

    private static boolean isAtLeastZero(String constant, Graph graph) {
        return graph.initializer(constant)
                .filter(t -> t.type() == ElementType.FLOAT && t.elementCount() == 1)
                .map(t -> t.floats()[0] >= 0)
                .orElse(false);
    }

    /** A family and more operators, named in one line. */
    public static Set<String> plus(Set<String> family, String... words) {
        Set<String> all = new LinkedHashSet<>(family);
        for (String w : words) {
            all.addAll(List.of(w.split(" ")));
        }
        return Set.copyOf(all);
    }

    public static Set<String> of(String words) {
        return Set.of(words.split(" "));
    }
}
