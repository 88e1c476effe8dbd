package dev.detent.runtime;

import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Writes a BatchNormalization that could not be folded as the depthwise 1x1 convolution it is: y = s x + b with s =
 * scale / sqrt(var + eps), b = B - mean s. ONNX Runtime does the same inside a network of convolutions, but in a
 * segment of its own the node would force the plain layout on both neighbours. Results differ in the last bit, so the
 * oracle runs the node as it is.
 */
final class BatchNormToConv {

    private BatchNormToConv() {}

    static GraphPartitioner.Part of(GraphPartitioner.Part part) {
        if (part.graph().nodes().stream().noneMatch(n -> n.is("BatchNormalization"))) {
            return part;
        }
        Graph graph = part.graph().copy();
        GraphEditor edit = graph.edit();
        List.copyOf(graph.nodes()).stream().filter(n -> isPlain(n, graph)).forEach(n -> replace(n, edit));
        return new GraphPartitioner.Part(graph, part.inputs(), part.outputs());
    }

    /** Inference, on images, with constant parameters. */
    private static boolean isPlain(Node n, Graph graph) {
        return n.is("BatchNormalization")
                && n.outputs().size() == 1
                && n.intAttribute("training_mode", 0) == 0
                && IntStream.rangeClosed(1, 4)
                        .allMatch(i -> graph.initializer(n.input(i))
                                .map(t -> t.type() == ElementType.FLOAT)
                                .orElse(false))
                && graph.inputs().stream()
                        .filter(v -> v.name().equals(n.input(0)))
                        .findFirst()
                        .flatMap(ValueInfo::shape)
                        .map(s -> s.size() == 4)
                        .orElse(false);
    }

    private static void replace(Node n, GraphEditor edit) {
        float[] scale = floats(n, 1, edit);
        float[] bias = floats(n, 2, edit);
        float[] mean = floats(n, 3, edit);
        float[] variance = floats(n, 4, edit);
        double epsilon = n.floatAttribute("epsilon", 1e-5f);
        for (int c = 0; c < scale.length; c++) {
            double s = scale[c] / Math.sqrt(variance[c] + epsilon);
            bias[c] = (float) (bias[c] - mean[c] * s);
            scale[c] = (float) s;
        }
        String w = edit.freshName(n.name() + "_as_weight");
        edit.initializer(w, Tensor.ofFloats(new long[] {scale.length, 1, 1, 1}, scale));
        String b = edit.freshName(n.name() + "_as_bias");
        edit.initializer(b, Tensor.ofFloats(new long[] {bias.length}, bias));
        edit.replace(Node.of(
                n.name(),
                "Conv",
                List.of(n.input(0), w, b),
                n.outputs(),
                Map.of(
                        "group",
                        new Attribute.IntValue(scale.length),
                        "kernel_shape",
                        new Attribute.Ints(List.of(1L, 1L)))));
    }

    private static float[] floats(Node n, int input, GraphEditor edit) {
        return edit.graph().initializer(n.input(input)).map(Tensor::floats).orElseThrow();
    }
}
