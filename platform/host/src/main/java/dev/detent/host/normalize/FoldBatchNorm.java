package dev.detent.host.normalize;

import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.WeightLayout;
import java.util.List;
import java.util.Optional;

/**
 * Folds a BatchNormalization into the computing operator before it: W' = W a, b' = (g (b - mean)) / sqrt(var + eps) +
 * beta with a = g / sqrt(var + eps), in float32 and in this order of operations (bit parity with PPQ's FUSE_BN). The
 * operator keeps its name and place; new parameters are called {@code <node>_weight} and {@code <node>_bias}.
 */
final class FoldBatchNorm {

    private FoldBatchNorm() {}

    static void apply(GraphEditor edit) {
        for (Node bn : List.copyOf(edit.graph().nodes())) {
            if (bn.is("BatchNormalization")) {
                edit.graph()
                        .producer(bn.input(0))
                        .filter(c -> foldable(edit.graph(), c, bn))
                        .ifPresent(c -> fold(edit, c, bn));
            }
        }
    }

    /** ONNX Runtime has not seen the model yet: what does not fit is left for it to refuse. */
    private static boolean foldable(Graph graph, Node c, Node bn) {
        if (!c.isOneOf(OperatorTable.biased())
                || graph.downstream(c).size() != 1
                || graph.isOutput(c.output(0))
                || !bn.outputs().stream().skip(1).allMatch(String::isEmpty)
                || bn.intAttribute("training_mode", 0) != 0) {
            return false;
        }
        int channels = weights(graph, c.input(1))
                .flatMap(w -> WeightLayout.of(c, w))
                .map(WeightLayout::outputChannels)
                .orElse(-1);
        boolean fits =
                !c.hasInput(2) || holds(graph, c.input(2), channels) || c.is("Gemm") && holds(graph, c.input(2), 1);
        for (int i = 1; i < 5; i++) {
            fits &= holds(graph, bn.input(i), channels);
        }
        return fits;
    }

    private static Optional<Tensor> weights(Graph graph, String value) {
        return graph.initializer(value).filter(t -> t.type() == ElementType.FLOAT);
    }

    private static boolean holds(Graph graph, String value, long elements) {
        return weights(graph, value).filter(t -> t.elementCount() == elements).isPresent();
    }

    private static void fold(GraphEditor edit, Node c, Node bn) {
        Graph graph = edit.graph();
        float[] gamma = floats(graph, bn.input(1));
        float[] beta = floats(graph, bn.input(2));
        float[] mean = floats(graph, bn.input(3));
        float[] var = floats(graph, bn.input(4));
        float epsilon = bn.floatAttribute("epsilon", 1e-5f);
        int channels = gamma.length;
        float gemmBeta = c.is("Gemm") ? c.floatAttribute("beta", 1) : 1;
        float[] bias = c.hasInput(2) ? floats(graph, c.input(2)) : new float[channels];
        float[] factor = new float[channels];
        float[] newBias = new float[channels];
        for (int k = 0; k < channels; k++) {
            float deviation = (float) Math.sqrt(var[k] + epsilon);
            factor[k] = gamma[k] / deviation;
            float b = bias[bias.length == 1 ? 0 : k] * gemmBeta;
            newBias[k] = gamma[k] * (b - mean[k]) / deviation + beta[k];
        }
        Tensor w = graph.initializer(c.input(1)).orElseThrow();
        float[] weight = w.floats();
        WeightLayout layout = WeightLayout.of(c, w).orElseThrow();
        for (int i = 0; i < weight.length; i++) {
            weight[i] *= factor[layout.output(i)];
        }
        String weightName = edit.freshName(c.name() + "_weight");
        edit.initializer(weightName, Tensor.ofFloats(w.dims(), weight));
        String biasName = edit.freshName(c.name() + "_bias");
        edit.initializer(biasName, Tensor.ofFloats(new long[] {channels}, newBias));
        Node folded = c.withInput(1, weightName).withInput(2, biasName).withOutput(0, bn.output(0));
        if (c.is("Gemm")) {
            folded = folded.withAttribute("beta", new Attribute.FloatValue(1));
        }
        edit.remove(bn).replace(folded);
    }

    private static float[] floats(Graph graph, String value) {
        return graph.initializer(value).orElseThrow().floats();
    }
}
