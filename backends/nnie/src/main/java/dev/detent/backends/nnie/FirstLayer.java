package dev.detent.backends.nnie;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Puts a factor for each channel of an input into the layers that read it; the mapper has one scale for all channels.
 */
final class FirstLayer {

    private FirstLayer() {}

    /** Works in place. Where anything but an ungrouped convolution reads the input, a Mul node is inserted. */
    static void multiply(Graph graph, String input, List<Float> factors) {
        GraphEditor edit = graph.edit();
        if (graph.uses(input).stream().allMatch(u -> folds(graph, u, factors.size())) && !graph.isOutput(input)) {
            List.copyOf(graph.uses(input)).forEach(u -> fold(edit, u.node(), factors));
            return;
        }
        String scaled = edit.freshName(input + "_scaled");
        String constant = edit.freshName(input + "_scale");
        edit.redirect(input, scaled);
        edit.initializer(constant, tensor(factors));
        edit.add(Node.of(edit.freshName(input + "_scale"), "Mul", List.of(input, constant), List.of(scaled), Map.of()));
        edit.sort();
    }

    private static Tensor tensor(List<Float> factors) {
        float[] values = new float[factors.size()];
        for (int c = 0; c < values.length; c++) {
            values[c] = factors.get(c);
        }
        return Tensor.ofFloats(new long[] {values.length, 1, 1}, values);
    }

    private static boolean folds(Graph graph, Graph.Use use, int channels) {
        Node n = use.node();
        Optional<Tensor> weight = graph.initializer(n.input(1));
        return n.is("Conv")
                && use.index() == 0
                && n.intAttribute("group", 1) == 1
                && weight.isPresent()
                && weight.get().dim(1) == channels;
    }

    private static void fold(GraphEditor edit, Node conv, List<Float> factors) {
        Tensor weight = edit.graph().initializer(conv.input(1)).orElseThrow();
        float[] values = weight.floats();
        int channels = factors.size();
        int kernel = (int) (weight.dim(2) * weight.dim(3));
        for (int i = 0; i < values.length; i++) {
            values[i] *= factors.get(i / kernel % channels);
        }
        edit.initializer(conv.input(1), Tensor.ofFloats(weight.dims(), values));
    }
}
