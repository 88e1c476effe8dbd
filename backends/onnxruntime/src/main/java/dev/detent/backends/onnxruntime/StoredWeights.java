package dev.detent.backends.onnxruntime;

import dev.detent.spi.backend.InitialState;
import dev.detent.spi.backend.NodeRule;
import dev.detent.spi.backend.TensorRule;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import java.util.List;
import java.util.Set;

/**
 * Operators that compute in float here and whose weights are int8 in the file, decoded when it is loaded
 * ({@link dev.detent.support.qdq.UnpackedWeights}): the file is smaller and as fast as before. ONNX Runtime has no
 * integer kernels for GRU and RNN, and none for LSTM with ranges that are known beforehand.
 */
final class StoredWeights {

    static final Set<String> RECURRENT = OperatorTable.types(Trait.RECURRENT);
    static final Set<String> CONVOLUTIONS = Set.of("Conv", "ConvTranspose");

    private static final int W = 1;
    private static final int R = 2;

    private StoredWeights() {}

    /** With constant weights of all directions. */
    static boolean isRecurrent(Node n, Graph graph) {
        return n.isOneOf(RECURRENT)
                && List.of(W, R).stream()
                        .allMatch(i -> graph.initializer(n.input(i))
                                .filter(t -> t.type() == ElementType.FLOAT && t.rank() == 3)
                                .isPresent());
    }

    /** With a constant kernel. */
    static boolean isConvolution(Node n, Graph graph) {
        return n.isOneOf(CONVOLUTIONS) && graph.isInitializer(n.input(W));
    }

    /** Both weights of a recurrent operator, a scale for each gate's channel; all else is float. */
    static NodeRule recurrent(NodeRule rule, Node n, Scheme weight) {
        if (!n.isOneOf(RECURRENT)) {
            return rule;
        }
        TensorRule w = new TensorRule(weight.perChannel(1), "minmax", InitialState.INITIAL);
        return NodeRule.uniform(n, w.with(InitialState.FP32)).input(W, w).input(R, w);
    }

    /** The kernel as the target has it; all else is float. */
    static NodeRule kernel(NodeRule rule, Node n) {
        TensorRule kernel = rule.inputs().get(W);
        return NodeRule.uniform(n, kernel.with(InitialState.FP32)).input(W, kernel);
    }
}
