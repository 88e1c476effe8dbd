package dev.detent.host.normalize;

import dev.detent.onnx.OnnxProblems;
import dev.detent.onnx.OpsetUpgrade;
import dev.detent.runtime.ShapeInference;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.DetentException;
import dev.detent.spi.problem.UserException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Establishes FORMATTED: opset 13 or newer, constants as initializers, no If that always goes one way, products as
 * MatMul, BatchNorm folded, no Dropout, one consumer per parameter, nothing that leads nowhere. PPQ 0.6.5.1's loading
 * steps without their defects (docs/differences.md).
 */
public final class GraphNormalizer {

    private static final int OLDEST_OPSET = 13;

    private GraphNormalizer() {}

    /**
     * Brings a model as it was read into the form that all steps expect, in place, with the shapes of all values.
     *
     * @param where what messages call the model
     * @throws UserException also for whatever the steps trip over: before the plan nothing but the model has had a say
     */
    public static void normalize(Graph graph, String where) {
        try {
            steps(graph, where);
        } catch (DetentException e) {
            throw e;
        } catch (RuntimeException | StackOverflowError e) {
            throw new UserException(
                    OnnxProblems.NOT_UNDERSTOOD,
                    "contradicts itself (" + e + "); it is damaged, or does what Detent does not know",
                    where,
                    e);
        }
    }

    private static void steps(Graph graph, String where) {
        if (graph.opset() < OLDEST_OPSET) {
            try {
                // Softmax's old meaning needs the rank of its input.
                ShapeInference.infer(graph, where);
            } catch (UserException e) {
                // Valid in the newer opset, perhaps: inference after the upgrade decides.
                apply(graph, where);
            }
        }
        apply(graph, where);
        ShapeInference.infer(graph, where);
    }

    /** Why a graph cannot be normalized: names at most three nodes that should be initializers, or the opset. */
    public static List<String> remainders(Graph graph) {
        if (graph.opset() < OLDEST_OPSET) {
            return List.of("opset " + graph.opset());
        }
        return graph.nodes().stream()
                .filter(n -> n.is("Constant") && !graph.isOutput(n.output(0)) && value(n).isPresent())
                .limit(3)
                .map(Node::toString)
                .toList();
    }

    private static void apply(Graph graph, String where) {
        graph.cycle().ifPresent(n -> {
            throw new UserException(
                    OnnxProblems.CYCLE,
                    "node '" + n.name() + "' reads what is made from its own output; the model is damaged",
                    where);
        });
        GraphEditor edit = graph.edit();
        constants(edit);
        if (ConstantBranches.apply(edit)) {
            constants(edit);
        }
        constantOutputs(edit);
        OpsetUpgrade.apply(graph, where);
        dropouts(edit);
        EinsumProducts.apply(edit);
        FoldBatchNorm.apply(edit);
        splitSharedParameters(edit);
        deleteIsolated(edit);
        edit.sort();
    }

    /**
     * What {@code name} holds at every run of a model that is not formatted yet: its weights may lie in Constant nodes.
     */
    public static Optional<Tensor> constant(Graph graph, String name) {
        return graph.initializer(name)
                .or(() -> graph.producer(name).filter(n -> n.is("Constant")).flatMap(GraphNormalizer::value));
    }

    private static void constants(GraphEditor edit) {
        for (Node n : List.copyOf(edit.graph().nodes())) {
            if (n.is("Constant") && !edit.graph().isOutput(n.output(0))) {
                value(n).ifPresent(t -> edit.remove(n).initializer(n.output(0), t));
            }
        }
    }

    /**
     * A constant that is also a graph output is written by a Constant node, so that every output has a producer; its
     * other consumers read the initializer.
     */
    private static void constantOutputs(GraphEditor edit) {
        Graph graph = edit.graph();
        for (ValueInfo output : List.copyOf(graph.outputs())) {
            String name = output.name();
            graph.initializer(name).ifPresent(value -> {
                String parameter = edit.freshName(name + "_value");
                edit.redirect(name, parameter).initializer(parameter, value).removeInitializer(name);
                edit.add(Node.of(
                        edit.freshName(name + "_constant"),
                        "Constant",
                        List.of(),
                        List.of(name),
                        Map.of("value", new Attribute.TensorValue(value))));
            });
        }
    }

    private static Optional<Tensor> value(Node n) {
        if (n.attributes().size() != 1) {
            return Optional.empty();
        }
        Attribute a = n.attributes().values().iterator().next();
        if (a instanceof Attribute.TensorValue t) {
            return Optional.of(t.value());
        } else if (a instanceof Attribute.FloatValue f) {
            return Optional.of(Tensor.scalar(f.value()));
        } else if (a instanceof Attribute.IntValue i) {
            return Optional.of(Tensor.ofLongs(new long[0], i.value()));
        } else if (a instanceof Attribute.Ints i) {
            return Optional.of(Tensor.ofLongs(
                    new long[] {i.values().size()},
                    i.values().stream().mapToLong(Long::longValue).toArray()));
        } else if (a instanceof Attribute.Floats f) {
            float[] values = new float[f.values().size()];
            for (int k = 0; k < values.length; k++) {
                values[k] = f.values().get(k);
            }
            return Optional.of(Tensor.ofFloats(new long[] {values.length}, values));
        }
        return Optional.empty();
    }

    private static void dropouts(GraphEditor edit) {
        for (Node n : List.copyOf(edit.graph().nodes())) {
            if (n.is("Dropout") && isIdle(edit.graph(), n)) {
                Node current = edit.graph().node(n.name()).orElseThrow();
                if (edit.canBypass(current)) {
                    edit.bypass(current);
                }
            }
        }
    }

    /** At inference it passes its input on, and nobody reads its mask. */
    private static boolean isIdle(Graph graph, Node n) {
        boolean maskUnused =
                n.output(1).isEmpty() || graph.consumers(n.output(1)).isEmpty() && !graph.isOutput(n.output(1));
        boolean training = n.hasInput(2)
                && graph.initializer(n.input(2)).map(t -> t.longs()[0] != 0).orElse(true);
        return maskUnused && !training;
    }

    /**
     * Passes change parameters in place, exporters replace them by codes. A subgraph that reads one from outside keeps
     * the original: nothing rewrites its inside.
     */
    private static void splitSharedParameters(GraphEditor edit) {
        Graph graph = edit.graph();
        for (String name : List.copyOf(graph.initializers().keySet())) {
            List<Graph.Use> uses = graph.uses(name);
            if (uses.size() + (graph.isCaptured(name) ? 1 : 0) < 2) {
                continue;
            }
            Tensor t = graph.initializer(name).orElseThrow();
            int i = 0;
            for (Graph.Use u : List.copyOf(uses)) {
                String copy = edit.freshName(name + "_" + i++);
                edit.initializer(copy, t);
                edit.replace(graph.node(u.node().name()).orElseThrow().withInput(u.index(), copy));
            }
        }
    }

    private static void deleteIsolated(GraphEditor edit) {
        Graph graph = edit.graph();
        boolean again = true;
        while (again) {
            List<Node> dead = new ArrayList<>();
            for (Node n : graph.nodes()) {
                if (graph.downstream(n).isEmpty() && n.outputs().stream().noneMatch(graph::isOutput)) {
                    dead.add(n);
                }
            }
            dead.forEach(edit::remove);
            again = !dead.isEmpty();
        }
        edit.removeUnreadInitializers();
        for (String name : List.copyOf(graph.valueInfos().keySet())) {
            if (graph.producer(name).isEmpty() && !graph.isInput(name) && !graph.isInitializer(name)) {
                edit.removeValueInfo(name);
            }
        }
    }
}
