package dev.detent.support.qdq;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * A Clip in front of a QuantizeLinear whose bounds already get the first and the last code: the QuantizeLinear
 * saturates at the same values, so a wider bound gives the same codes. ONNX Runtime (1.28) takes such a Clip for
 * redundant by its codes (IsClipMadeRedundantByQ) but removes it only where its bounds enclose the range of the codes
 * (ClipQuantFusion); between the two, where the range ends up to half a step outside, it gives two nodes one name and
 * does not load the file. Widened to the range of the codes, the Clip is removed by both.
 */
final class SaturatingClips {

    private SaturatingClips() {}

    /** Widens the bounds of every such Clip that nothing else reads. */
    static void widen(GraphEditor edit) {
        Graph graph = edit.graph();
        for (Node quantize : List.copyOf(graph.nodes())) {
            if (!quantize.opType().equals("QuantizeLinear")) {
                continue;
            }
            Optional<Node> clip = graph.producer(quantize.input(0))
                    .filter(c -> c.is("Clip")
                            && !graph.isOutput(c.output(0))
                            && graph.consumers(c.output(0)).size() == 1);
            Optional<Tensor> scale =
                    graph.initializer(quantize.input(1)).filter(s -> s.type() == ElementType.FLOAT && isSingle(s));
            Optional<Tensor> zeroPoint =
                    graph.initializer(quantize.input(2)).filter(z -> z.type().isInteger() && isSingle(z));
            if (clip.isPresent() && scale.isPresent() && zeroPoint.isPresent()) {
                ElementType type = zeroPoint.get().type();
                float s = scale.get().floats()[0];
                int zero = zeroPoint.get().codes()[0];
                widen(edit, clip.get(), 1, s, type.lowest() - zero);
                widen(edit, graph.node(clip.get().name()).orElseThrow(), 2, s, type.highest() - zero);
            }
        }
    }

    private static boolean isSingle(Tensor t) {
        return t.elementCount() == 1;
    }

    /**
     * @param input of the Clip: 1 is its lower bound, 2 its upper one
     * @param end the code at that end of the range, less the zero point
     */
    private static void widen(GraphEditor edit, Node clip, int input, float scale, long end) {
        Graph graph = edit.graph();
        Optional<Tensor> constant =
                graph.initializer(clip.input(input)).filter(t -> t.type() == ElementType.FLOAT && isSingle(t));
        if (constant.isEmpty()) {
            return;
        }
        String name = clip.input(input);
        float bound = constant.get().floats()[0];
        float range = end * scale;
        double code = Math.rint(bound / scale);
        boolean saturates = input == 1 ? code <= end : code >= end;
        boolean inside = input == 1 ? bound > range : bound < range;
        if (saturates && inside) {
            String wider = edit.freshName(name + "_wider");
            edit.initializer(wider, Tensor.ofFloats(constant.get().dims(), range));
            edit.replace(clip.withInput(input, wider));
            if (graph.consumers(name).isEmpty() && !graph.isOutput(name)) {
                edit.removeInitializer(name);
            }
        }
    }
}
