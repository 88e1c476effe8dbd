package dev.detent.backends.sophgo;

import dev.detent.spi.backend.Backend;
import dev.detent.spi.backend.NodeRule;
import dev.detent.spi.backend.Target;
import dev.detent.spi.backend.TensorRule;
import dev.detent.spi.graph.Node;
import dev.detent.spi.quant.ScaleRule;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.graph.PerGraph;
import dev.detent.support.number.LinearInteger;
import dev.detent.support.operator.NonNegativeValues;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import dev.detent.support.qdq.QdqExporter;
import dev.detent.support.target.DeclaredTarget;
import java.util.List;
import java.util.Set;
import org.pf4j.Extension;

/**
 * Sophgo's BM1684X, BM1688, CV18xx through tpu-mlir's symmetric int8: one scale per tensor, threshold / 127, or / 255
 * where nothing is negative (tpu-mlir, getScale); weights per output channel, as tpu-mlir finds them in the file.
 */
@Extension
public final class Sophgo implements Backend {

    static final Set<String> TYPES = OperatorTable.types(
            Trait.MOVES,
            "Conv ConvTranspose Gemm MatMul Relu Clip LeakyRelu PRelu Sigmoid Tanh HardSwish HardSigmoid Add Sub Mul "
                    + "Concat AveragePool GlobalAveragePool");

    private static final Scheme S8 = LinearInteger.symmetric(8, -128, 127).with(ScaleRule.MAGNITUDE);
    private static final Scheme U8 = LinearInteger.symmetric(8, 0, 255).with(ScaleRule.MAGNITUDE);
    private static final Scheme WEIGHT = LinearInteger.symmetric(8, -127, 127).with(ScaleRule.MAGNITUDE);

    @Override
    public List<Target> targets() {
        PerGraph<Set<String>> neverNegative = new PerGraph<>(NonNegativeValues::in);
        return List.of(
                DeclaredTarget.of("sophgo", "Sophgo TPUs (tpu-mlir): int8 symmetric, uint8 where nothing is negative")
                        .quantizes(TYPES)
                        .moves(OperatorTable.types(Trait.MOVES))
                        .activations(S8, "mse")
                        .channelWeights(WEIGHT, "minmax", Set.of("Conv", "ConvTranspose"))
                        .weights(WEIGHT, "minmax", Set.of("Gemm", "MatMul"))
                        .derivedBias(LinearInteger.int32().perChannel(0), "minmax")
                        .adjusted((rule, node, graph) -> unsigned(rule, node, neverNegative.of(graph)))
                        .writes(new CalibrationTableExporter(), new QdqExporter("the same numbers as Q/DQ nodes"))
                        .build());
    }

    private static NodeRule unsigned(NodeRule rule, Node node, Set<String> neverNegative) {
        NodeRule changed = rule;
        for (int i = 0; i < node.inputs().size(); i++) {
            TensorRule slot = rule.inputs().get(i);
            if (slot.scheme().equals(S8) && neverNegative.contains(node.input(i))) {
                changed = changed.input(i, slot.with(U8));
            }
        }
        for (int i = 0; i < node.outputs().size(); i++) {
            TensorRule slot = rule.outputs().get(i);
            if (slot.scheme().equals(S8) && neverNegative.contains(node.output(i))) {
                changed = changed.output(i, slot.with(U8));
            }
        }
        return changed;
    }
}
