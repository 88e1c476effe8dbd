package dev.detent.support.operator;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Set;

/** Values of which the graph alone says that no element is negative, whatever the model is fed. */
public final class NonNegativeValues {

    private NonNegativeValues() {}

    /** One look at every node, in execution order. */
    public static Set<String> in(Graph graph) {
        Set<String> values = new LinkedHashSet<>();
        for (Node n : graph.nodes()) {
            boolean bounded = OperatorTable.is(n, Trait.NON_NEGATIVE)
                    || n.is("Clip") && isAtLeastZero(n.input(1), graph)
                    || OperatorTable.is(n, Trait.KEEPS_SIGN)
                            && values.contains(n.input(0))
                            && !(n.is("Pad", "Clip") && n.hasInput(2) && !isAtLeastZero(n.input(2), graph))
                    || OperatorTable.is(n, Trait.JOINS_SIGNS) && values.containsAll(n.inputs());
            if (bounded) {
                values.addAll(n.outputs());
            }
        }
        return Collections.unmodifiableSet(values);
    }

    private static boolean isAtLeastZero(String constant, Graph graph) {
        return graph.initializer(constant)
                .filter(t -> t.type() == ElementType.FLOAT && t.elementCount() == 1)
                .map(t -> t.floats()[0] >= 0)
                .orElse(false);
    }
}
