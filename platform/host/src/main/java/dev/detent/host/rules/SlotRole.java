package dev.detent.host.rules;

import dev.detent.spi.backend.InitialState;
import dev.detent.spi.backend.TensorRule;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.support.operator.InputRole;
import dev.detent.support.operator.OperatorTable;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/** What a slot is to its node, in the words of a rule's {@code slot}. */
public enum SlotRole {
    /** Data that flow in, and every constant that is neither weight nor bias. */
    INPUT,
    /** A constant that the data are multiplied with. */
    WEIGHT,
    /** What is added to the products. */
    BIAS,
    /** What the node gives. */
    OUTPUT;

    /** Where {@code bits} and other settings of a number format go when a rule names no slot. */
    static final Set<SlotRole> ACTIVATIONS = Set.copyOf(EnumSet.of(INPUT, OUTPUT));

    static final Set<SlotRole> ALL = Set.copyOf(EnumSet.allOf(SlotRole.class));

    /** @param rule the target's own, which tells a bias that is added behind a MatMul */
    static SlotRole ofInput(Node node, int index, TensorRule rule, Graph graph) {
        InputRole role = OperatorTable.role(node, index, graph);
        if (role == InputRole.BIAS
                || rule.state() == InitialState.PASSIVE_INIT && role != InputRole.FILL && role != InputRole.WEIGHT) {
            return BIAS;
        }
        return role == InputRole.WEIGHT && graph.isInitializer(node.input(index)) ? WEIGHT : INPUT;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
