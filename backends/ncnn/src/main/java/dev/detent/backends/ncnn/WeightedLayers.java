package dev.detent.backends.ncnn;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What is left of a network when everything but its convolutions and inner products is a wire: the same for a model in
 * ONNX and for what pnnx makes of it, whatever that fuses, splits or renames in between.
 */
final class WeightedLayers {

    /**
     * A layer.
     *
     * @param shape kind, output channels and number of weights
     * @param before indices of the layers whose outputs reach it with no other in between
     */
    record Layer(String name, String shape, BitSet before) {}

    private static final Set<String> CONVOLUTIONS = Set.of("Convolution", "ConvolutionDepthWise", "Convolution1D");
    /** What these make are numbers of dimensions, which pnnx has turned into constants. */
    private static final Set<String> SIZES = Set.of("Shape", "Size");

    private final List<Layer> layers = new ArrayList<>();
    /** Layers whose outputs reach a value with no other in between. */
    private final Map<String, BitSet> reaching = new LinkedHashMap<>();

    private WeightedLayers() {}

    static List<Layer> of(Graph graph) {
        WeightedLayers found = new WeightedLayers();
        for (Node n : graph.nodes()) {
            if (!n.isOneOf(SIZES)) {
                Optional<String> shape = shape(n, graph);
                found.add(n.name(), shape, shape.isPresent() ? n.inputs().subList(0, 1) : n.inputs(), n.outputs());
            }
        }
        return found.layers;
    }

    static List<Layer> of(List<NcnnParam.Layer> param) {
        WeightedLayers found = new WeightedLayers();
        param.forEach(l -> found.add(l.name(), shape(l), l.inputs(), l.outputs()));
        return found.layers;
    }

    private static Optional<String> shape(Node n, Graph graph) {
        if (!n.is("Conv", "Gemm", "MatMul")) {
            return Optional.empty();
        }
        Optional<Tensor> weights = graph.initializer(n.input(1)).filter(w -> w.rank() >= 2);
        boolean outputsLast = n.is("MatMul") || n.is("Gemm") && n.intAttribute("transB", 0) == 0;
        return weights.map(
                w -> shape(n.is("Conv") ? "convolution" : "product", w.dim(outputsLast ? -1 : 0), w.elementCount()));
    }

    private static Optional<String> shape(NcnnParam.Layer l) {
        boolean convolution = CONVOLUTIONS.contains(l.type());
        if (!convolution && !l.type().equals("InnerProduct")) {
            return Optional.empty();
        }
        return Optional.of(
                convolution
                        ? shape("convolution", number(l, "0"), number(l, "6"))
                        : shape("product", number(l, "0"), number(l, "2")));
    }

    private static long number(NcnnParam.Layer l, String key) {
        try {
            return Long.parseLong(l.attributes().getOrDefault(key, "0"));
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    private static String shape(String kind, long outputs, long weights) {
        return kind + " of " + outputs + " outputs and " + weights + " weights";
    }

    private void add(String name, Optional<String> shape, List<String> inputs, List<String> outputs) {
        BitSet before = new BitSet();
        inputs.forEach(in -> before.or(reaching.getOrDefault(in, new BitSet())));
        BitSet behind = before;
        if (shape.isPresent()) {
            behind = new BitSet();
            behind.set(layers.size());
            layers.add(new Layer(name, shape.get(), before));
        }
        for (String out : outputs) {
            reaching.put(out, behind);
        }
    }
}
