package dev.detent.host.normalize;

import dev.detent.onnx.Branches;
import dev.detent.runtime.ConstantEvaluator;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * Puts the branch of an If whose condition is constant in its place, so that it is quantized like the rest of the
 * model. Exporters leave such an If where a size or a mode that was free when they traced has been fixed since.
 */
final class ConstantBranches {

    private ConstantBranches() {}

    /** Works from the outside in until no such If is left; false when there was none. */
    static boolean apply(GraphEditor edit) {
        boolean changed = false;
        Optional<Node> next = next(edit.graph());
        while (next.isPresent()) {
            Node n = next.get();
            inline(edit, n, branch(edit.graph(), n).orElseThrow());
            changed = true;
            next = next(edit.graph());
        }
        return changed;
    }

    private static Optional<Node> next(Graph graph) {
        return graph.nodes().stream()
                .filter(n -> n.is("If") && branch(graph, n).isPresent())
                .findFirst();
    }

    /** The branch that is always taken; empty where the condition is not constant, or where names would meet. */
    private static Optional<Graph> branch(Graph graph, Node n) {
        return condition(graph, n.input(0))
                .map(taken -> n.attributes().get(taken ? "then_branch" : "else_branch"))
                .filter(Attribute.Subgraph.class::isInstance)
                .map(s -> Branches.graph((Attribute.Subgraph) s, graph.opsets(), n.name() + "/"))
                .filter(inner -> inner.nodes().stream()
                        .noneMatch(
                                i -> i.capturedValues().stream().anyMatch(v -> isTaken(graph, v) && makes(inner, v))));
    }

    /** A branch in the branch keeps the names that it reads. */
    private static boolean isTaken(Graph graph, String value) {
        return graph.isInitializer(value) || graph.producer(value).isPresent() || graph.isInput(value);
    }

    private static boolean makes(Graph inner, String value) {
        return inner.isInitializer(value) || inner.producer(value).isPresent();
    }

    private static Optional<Boolean> condition(Graph graph, String value) {
        if (graph.isInput(value)
                || graph.producer(value).filter(Node::hasSubgraph).isPresent()) {
            return Optional.empty();
        }
        Optional<Tensor> known = GraphNormalizer.constant(graph, value);
        if (known.isPresent()) {
            return known.filter(t -> t.elementCount() == 1).map(t -> t.bytes().get(0) != 0);
        }
        // The evaluator gives numbers, not truth.
        Graph copy = graph.copy();
        GraphEditor edit = copy.edit();
        String number = edit.freshName(value + "_number");
        edit.add(Node.of(
                edit.freshName("number"),
                "Cast",
                List.of(value),
                List.of(number),
                Map.of("to", new Attribute.IntValue(ElementType.INT64.code()))));
        return ConstantEvaluator.evaluate(copy, number)
                .filter(t -> t.elementCount() == 1)
                .map(t -> t.longs()[0] != 0);
    }

    private static void inline(GraphEditor edit, Node n, Graph inner) {
        Map<String, String> names = new HashMap<>();
        for (int i = 0; i < inner.outputs().size() && i < n.outputs().size(); i++) {
            String from = inner.outputs().get(i).name();
            if (!n.output(i).isEmpty() && inner.producer(from).isPresent()) {
                names.putIfAbsent(from, n.output(i));
            }
        }
        edit.remove(n);
        Set<String> own = new HashSet<>(inner.initializers().keySet());
        inner.nodes().forEach(i -> own.addAll(i.outputs()));
        UnaryOperator<String> rename = v -> own.contains(v) ? names.computeIfAbsent(v, k -> edit.freshName(k)) : v;
        inner.initializers().forEach((name, t) -> edit.initializer(rename.apply(name), t));
        for (Node i : inner.nodes()) {
            edit.add(i.renamed(edit.freshName(i.name()), rename));
        }
        for (int i = 0; i < inner.outputs().size() && i < n.outputs().size(); i++) {
            ValueInfo out = inner.outputs().get(i);
            String from = rename.apply(out.name());
            if (!n.output(i).isEmpty() && !from.equals(n.output(i))) {
                edit.add(Node.of(
                        edit.freshName(n.name() + "_output"),
                        "Identity",
                        List.of(from),
                        List.of(n.output(i)),
                        Map.of()));
            }
        }
        inner.valueInfos().forEach((name, info) -> {
            if (rename.apply(name).equals(name)) {
                edit.valueInfo(info);
            }
        });
        edit.sort();
    }
}
