package dev.detent.runtime;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.run.Block;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A block cut out of its network.
 *
 * @param graph its nodes; weights and biases that may be learned are inputs of it
 * @param inputs values it reads from outside
 * @param outputs values read outside, or the network's outputs
 * @param parameters weights and biases, by name
 */
record BlockGraph(Graph graph, List<String> inputs, List<String> outputs, Map<String, Block.Parameter> parameters) {

    static BlockGraph of(Graph network, List<Node> nodes) {
        Graph g = new Graph();
        GraphEditor edit = g.edit();
        network.opsets().forEach(edit::opset);
        edit.opaque(network.opaque());
        Set<String> members = new LinkedHashSet<>();
        Set<String> made = new LinkedHashSet<>();
        for (Node n : nodes) {
            members.add(n.name());
            n.outputs().stream().filter(o -> !o.isEmpty()).forEach(made::add);
            edit.add(n);
        }
        Map<String, Block.Parameter> parameters = new LinkedHashMap<>();
        Set<String> inputs = new LinkedHashSet<>();
        for (Node n : nodes) {
            List<String> read = new ArrayList<>(n.inputs());
            read.addAll(n.capturedValues());
            for (int i = 0; i < read.size(); i++) {
                String value = read.get(i);
                if (value.isEmpty() || made.contains(value)) {
                    continue;
                }
                if (isParameter(network, n, i, value)) {
                    parameters.put(value, new Block.Parameter(Slot.input(n.name(), i), value));
                    edit.input(ValueInfo.of(
                            value,
                            ElementType.FLOAT,
                            network.initializer(value).orElseThrow().dims()));
                } else if (network.isInitializer(value)) {
                    edit.initializer(value, network.initializer(value).orElseThrow());
                } else if (inputs.add(value)) {
                    edit.input(declared(network, value));
                }
            }
        }
        List<String> outputs = new ArrayList<>();
        for (String value : made) {
            edit.valueInfo(declared(network, value));
            if (network.isOutput(value)
                    || network.consumers(value).stream().anyMatch(c -> !members.contains(c.name()))) {
                outputs.add(value);
                edit.output(declared(network, value));
            }
        }
        return new BlockGraph(g, List.copyOf(inputs), List.copyOf(outputs), parameters);
    }

    /** A float constant with one use, of a weighted operator or an Add behind a matrix product. */
    private static boolean isParameter(Graph network, Node n, int input, String value) {
        boolean place = input > 0 && OperatorTable.is(n, Trait.WEIGHTED)
                || n.is("Add")
                        && network.producer(n.input(1 - Math.min(1, input)))
                                .filter(p -> p.is("MatMul"))
                                .isPresent();
        return place
                && input < n.inputs().size()
                && network.initializer(value)
                        .filter(t -> t.type() == ElementType.FLOAT)
                        .isPresent()
                && network.uses(value).size() == 1
                && !network.isCaptured(value)
                && !network.isOutput(value);
    }

    static ValueInfo declared(Graph network, String value) {
        return network.valueInfo(value)
                .map(v -> v.withName(value))
                .orElseGet(() -> new ValueInfo(value, ElementType.UNDEFINED, Optional.empty(), UnmodeledProto.NONE));
    }
}
