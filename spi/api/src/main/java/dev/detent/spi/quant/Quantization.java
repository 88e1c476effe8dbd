package dev.detent.spi.quant;

import dev.detent.spi.ImplementedByHost;
import dev.detent.spi.Stable;
import dev.detent.spi.graph.Node;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** All configs of a model, in node order, inputs before outputs. */
@Stable(since = "1.0")
@ImplementedByHost
public interface Quantization {

    /** All configs: a read-only view. */
    Collection<? extends TensorQuantization> configs();

    /** The config of a slot; empty when its node is not quantized or absent. */
    Optional<? extends TensorQuantization> config(Slot slot);

    /** The node's slots hold configs. */
    boolean isQuantized(Node node);

    /** The node only moves or selects data: its outputs take over the quantization of its first input. */
    boolean isPassive(Node node);

    /** Target of the node, or {@code ""} when it is not quantized. */
    String target(Node node);

    /** The config of a node's input. */
    default Optional<? extends TensorQuantization> input(Node node, int index) {
        return config(Slot.input(node.name(), index));
    }

    /** The config of a node's output. */
    default Optional<? extends TensorQuantization> output(Node node, int index) {
        return config(Slot.output(node.name(), index));
    }

    /** Configs of the node's inputs, by position; that of an absent optional input has the value {@code ""}. */
    List<? extends TensorQuantization> inputs(Node node);

    /** Configs of the node's outputs, by position; empty when it is not quantized. */
    List<? extends TensorQuantization> outputs(Node node);
}
