package dev.detent.backends.litert;

import dev.detent.spi.graph.Node;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;

/** Which ONNX operators a file can hold, which of them in integers, and who writes each. */
final class Operators {

    /** Integer kernels whose result has the encoding of what they read. */
    static final Set<String> MOVES = OperatorTable.types(Trait.MOVES, "AveragePool Dropout Concat");

    /** Integer kernels for 8 bits (tensorflow.org/lite/performance/quantization_spec; kernels/register.cc). */
    static final Set<String> INTEGER = OperatorTable.plus(
            MOVES,
            "Conv ConvTranspose Gemm MatMul Add Sub Mul Relu Clip LeakyRelu PRelu Sigmoid Tanh HardSwish Softmax "
                    + "GlobalAveragePool ReduceMean Elu Gelu");

    /** Integer kernels for 16 bits: fewer. */
    static final Set<String> INTEGER_16 = Set.of(
            "Conv",
            "ConvTranspose",
            "Gemm",
            "MatMul",
            "Add",
            "Sub",
            "Mul",
            "Relu",
            "LeakyRelu",
            "Sigmoid",
            "Tanh",
            "Softmax",
            "MaxPool",
            "AveragePool",
            "GlobalAveragePool",
            "ReduceMean",
            "Concat",
            "Reshape",
            "Flatten",
            "Squeeze",
            "Unsqueeze",
            "Transpose",
            "Slice",
            "Split",
            "Pad",
            "Identity");

    /** What a ReLU behind can be part of. */
    static final Set<String> FUSING = Set.of("Conv", "Gemm", "Add", "Sub", "Mul", "Div");

    private static final Map<String, Consumer<NodeConversion>> TABLE = table();

    private Operators() {}

    private static Map<String, Consumer<NodeConversion>> table() {
        Map<String, Consumer<NodeConversion>> all = new HashMap<>(Convolutions.TABLE);
        all.putAll(Pools.TABLE);
        all.putAll(Pointwise.TABLE);
        all.putAll(DataMovement.TABLE);
        all.put("Resize", Resizes::write);
        return Map.copyOf(all);
    }

    /** A file can hold it, in some form. */
    static boolean isKnown(Node n) {
        return n.domain().isEmpty() && TABLE.containsKey(n.opType());
    }

    static void write(NodeConversion c) {
        if (!isKnown(c.node())) {
            throw c.refused("has no counterpart among LiteRT's operators; replace it, end the model before it, or "
                    + "take another target");
        }
        Objects.requireNonNull(TABLE.get(c.node().opType())).accept(c);
    }
}
