package dev.detent.support.export;

import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Node;
import dev.detent.spi.quant.TensorQuantization;
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
}
