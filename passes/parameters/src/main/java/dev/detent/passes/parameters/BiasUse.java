package dev.detent.passes.parameters;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.support.operator.OperatorTable;
import java.util.ArrayList;
import java.util.List;

/**
 * A bias, and the operator whose sums it is added to.
 *
 * @param product Conv, ConvTranspose, Gemm or MatMul
 * @param node the product itself, or the Add behind a MatMul
 * @param input which of the node's inputs the bias is
 */
record BiasUse(Node product, Node node, int input) {

    /** Every one of the graph, in its order; of an Add that joins two products, each is the other's. */
    static List<BiasUse> in(Graph graph) {
        List<BiasUse> all = new ArrayList<>();
        for (Node n : graph.nodes()) {
            if (n.isOneOf(OperatorTable.biased()) && n.hasInput(2)) {
                all.add(new BiasUse(n, n, 2));
            } else if (n.is("Add")) {
                for (int i = 0; i < 2; i++) {
                    int other = 1 - i;
                    graph.producer(n.input(i))
                            .filter(p -> p.is("MatMul"))
                            .ifPresent(p -> all.add(new BiasUse(p, n, other)));
                }
            }
        }
        return all;
    }

    String value() {
        return node.input(input);
    }
}
