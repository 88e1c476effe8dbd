package dev.detent.caffe;

import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.graph.ValueInfo;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The graph that grows while a network is read, with the shape of every value at the prototxt's batch. */
final class GraphBuilder {

    private final Graph graph = new Graph();
    private final GraphEditor edit = graph.edit();
    private final Map<String, long[]> shapes = new HashMap<>();

    GraphBuilder(int opset) {
        edit.opset("", opset);
    }

    void input(ValueInfo declared, long[] shape) {
        edit.input(declared);
        shapes.put(declared.name(), shape);
    }

    long[] shape(String value) {
        return shapes.getOrDefault(value, new long[0]).clone();
    }

    /** A name that is free, like {@code stem}. */
    String fresh(String stem) {
        return edit.freshName(stem);
    }

    /** By a value of a layer, or by trained weights. */
    boolean isTaken(String value) {
        return shapes.containsKey(value) || graph.isInitializer(value);
    }

    String constant(String stem, Tensor tensor) {
        String name = edit.freshName(stem);
        edit.initializer(name, tensor);
        return name;
    }

    void node(
            String name,
            String op,
            List<String> inputs,
            List<String> outputs,
            Map<String, Attribute> attributes,
            long[]... shapesOfOutputs) {
        edit.add(Node.of(graph.node(name).isPresent() ? edit.freshName(name) : name, op, inputs, outputs, attributes));
        for (int i = 0; i < outputs.size(); i++) {
            shapes.put(outputs.get(i), shapesOfOutputs[i].clone());
        }
    }

    Graph finish(List<String> outputs) {
        outputs.forEach(o -> edit.output(new ValueInfo(o, ElementType.FLOAT, Optional.empty(), UnmodeledProto.NONE)));
        return graph;
    }
}
