package dev.detent.spi.backend;

import dev.detent.spi.Stable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * What a backend decides about one node.
 *
 * @param inputs one rule per input position (also for absent ones, where it is ignored)
 * @param outputs one rule per output position
 * @param passive the node only moves or selects data
 */
@Stable(since = "1.0")
public record NodeRule(List<TensorRule> inputs, List<TensorRule> outputs, boolean passive) {

    /** Copies the lists. */
    public NodeRule {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
    }

    /** The same rule everywhere. */
    public static NodeRule uniform(dev.detent.spi.graph.Node node, TensorRule rule) {
        return new NodeRule(
                Collections.nCopies(node.inputs().size(), rule),
                Collections.nCopies(node.outputs().size(), rule),
                false);
    }

    /** The same rule with every slot that would be quantized left in float; a node in float is no passive one. */
    public NodeRule inFloat() {
        return new NodeRule(
                inputs.stream().map(NodeRule::inFloat).toList(),
                outputs.stream().map(NodeRule::inFloat).toList(),
                false);
    }

    private static TensorRule inFloat(TensorRule rule) {
        return rule.state() == InitialState.DEACTIVATED ? rule : rule.with(InitialState.FP32);
    }

    /**
     * The same rule with another one for an input.
     *
     * @throws IndexOutOfBoundsException when the node has no such input
     */
    public NodeRule input(int index, TensorRule rule) {
        List<TensorRule> changed = new ArrayList<>(inputs);
        changed.set(index, rule);
        return new NodeRule(changed, outputs, passive);
    }

    /**
     * The same rule with another one for an output.
     *
     * @throws IndexOutOfBoundsException when the node has no such output
     */
    public NodeRule output(int index, TensorRule rule) {
        List<TensorRule> changed = new ArrayList<>(outputs);
        changed.set(index, rule);
        return new NodeRule(inputs, changed, passive);
    }

    /** The same rule for a node that only moves data, or for one that does more. */
    public NodeRule passive(boolean isPassive) {
        return new NodeRule(inputs, outputs, isPassive);
    }
}
