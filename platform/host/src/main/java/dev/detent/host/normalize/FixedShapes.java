package dev.detent.host.normalize;

import dev.detent.runtime.ConstantEvaluator;
import dev.detent.runtime.ShapeInference;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.graph.ValueInfo.Dimension;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * A graph for formats that know no free batch and compute no shapes: the batch becomes 1, and what depends on shapes
 * alone becomes a constant.
 */
public final class FixedShapes {

    private FixedShapes() {}

    /**
     * Works in place; afterwards every value has a static shape, unless the inputs leave more than the batch free.
     *
     * @param where what messages call the model
     */
    public static void apply(Graph graph, String where) {
        GraphEditor edit = graph.edit();
        List<ValueInfo> inputs =
                graph.inputs().stream().map(FixedShapes::single).toList();
        edit.clearInputs();
        inputs.forEach(edit::input);
        boolean changed = true;
        while (changed) {
            List.copyOf(graph.valueInfos().keySet()).forEach(edit::removeValueInfo);
            ShapeInference.infer(graph, where);
            boolean shaped = shapes(edit);
            changed = constants(edit) || shaped;
            removeUnread(edit);
        }
    }

    private static ValueInfo single(ValueInfo input) {
        return new ValueInfo(
                input.name(),
                input.type(),
                input.shape().map(dims -> {
                    List<Dimension> fixed = new ArrayList<>(dims);
                    if (!fixed.isEmpty() && !fixed.get(0).isKnown()) {
                        fixed.set(0, Dimension.of(1));
                    }
                    return fixed;
                }),
                UnmodeledProto.NONE);
    }

    private static boolean shapes(GraphEditor edit) {
        Graph graph = edit.graph();
        boolean changed = false;
        for (Node n : List.copyOf(graph.nodes())) {
            if (n.is("Shape") && n.attributes().isEmpty() && !graph.isOutput(n.output(0))) {
                Optional<long[]> shape = graph.valueInfo(n.input(0)).flatMap(ValueInfo::staticShape);
                shape.ifPresent(dims ->
                        edit.remove(n).initializer(n.output(0), Tensor.ofLongs(new long[] {dims.length}, dims)));
                changed |= shape.isPresent();
            }
        }
        return changed;
    }

    /** Nodes come in execution order, so that what follows from constants follows from one another too. */
    private static boolean constants(GraphEditor edit) {
        Graph graph = edit.graph();
        boolean changed = false;
        for (Node n : List.copyOf(graph.nodes())) {
            boolean constant = !n.hasSubgraph()
                    && !OperatorTable.is(n, Trait.RANDOM)
                    && n.outputs().size() == 1
                    && !graph.isOutput(n.output(0))
                    && n.inputs().stream().allMatch(i -> i.isEmpty() || graph.isInitializer(i));
            if (constant) {
                Optional<Tensor> value = ConstantEvaluator.evaluate(graph, n.output(0));
                value.ifPresent(t -> edit.remove(n).initializer(n.output(0), t));
                changed |= value.isPresent();
            }
        }
        return changed;
    }

    private static void removeUnread(GraphEditor edit) {
        Graph graph = edit.graph();
        List<Node> nodes = new ArrayList<>(graph.nodes());
        Collections.reverse(nodes);
        nodes.stream()
                .filter(n -> n.outputs().stream().noneMatch(graph::isOutput)
                        && graph.downstream(n).isEmpty())
                .forEach(edit::remove);
        edit.removeUnreadInitializers();
    }
}
