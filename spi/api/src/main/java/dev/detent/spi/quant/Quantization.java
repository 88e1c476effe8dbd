package dev.detent.spi.quant;

import dev.detent.spi.ImplementedByHost;
import dev.detent.spi.graph.Node;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** All configs of a model, in node order, inputs before outputs. */
@ImplementedByHost
public interface Quantization {

    Collection<? extends TensorQuantization> configs();

    Optional<? extends TensorQuantization> config(Slot slot);

    /** The node's slots hold configs. */
    boolean isQuantized(Node node);

    /** The node only moves or selects data: its outputs take over the quantization of its first input. */
    boolean isPassive(Node node);

    /** Target of the node, or {@code ""} when it is not quantized. */
    String target(Node node);

    default Optional<? extends TensorQuantization> input(Node node, int index) {
        return config(Slot.input(node.name(), index));
    }

    default Optional<? extends TensorQuantization> output(Node node, int index) {
        return config(Slot.output(node.name(), index));
    }

    /** Configs of the node's inputs, by position; that of an absent optional input has the value {@code ""}. */
    List<? extends TensorQuantization> inputs(Node node);

    List<? extends TensorQuantization> outputs(Node node);
}
