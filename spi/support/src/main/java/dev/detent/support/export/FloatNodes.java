package dev.detent.support.export;

import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Node;
import dev.detent.spi.quant.TensorQuantization;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Which nodes a run left in float, for files that list them by name. */
public final class FloatNodes {

    private FloatNodes() {}

    /**
     * No slot of the node is quantized: the target has no rule for it, or a rule, a person or a pass keeps all of its
     * slots float; of the latter {@link dev.detent.spi.quant.Quantization#isQuantized} says that they hold configs.
     */
    public static boolean isFloat(QuantizedModel model, Node node) {
        return Stream.<TensorQuantization>concat(
                        model.quantization().inputs(node).stream(), model.quantization().outputs(node).stream())
                .allMatch(c -> c.value().isEmpty() || c.root().state().isFloat());
    }

    /** Nodes in float with quantized nodes on both sides, in the order of the graph: values go there and come back. */
    public static List<Node> islands(QuantizedModel model) {
        Predicate<Node> quantized = n -> !isFloat(model, n);
        return model.graph().nodes().stream()
                .filter(quantized.negate())
                .filter(n -> model.graph().upstream(n).stream().anyMatch(quantized)
                        && model.graph().downstream(n).stream().anyMatch(quantized))
                .toList();
    }
}
