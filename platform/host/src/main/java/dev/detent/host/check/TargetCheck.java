package dev.detent.host.check;

import dev.detent.host.job.DryRun;
import dev.detent.host.pipeline.FrozenQuantizedModel;
import dev.detent.host.pipeline.QuantizedNodes;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.problem.PluginException;
import dev.detent.spi.problem.Problem;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.Predicate;

/**
 * What a model will be on one target: no data are needed, so nothing is said of accuracy.
 *
 * @param nodes every node of the normalized model, in order
 * @param islands nodes in float between quantized ones: values are converted there and back
 * @param problems what the target's lint says, as far as it can without ranges
 * @param lintComplete false when the lint needs ranges, which a run with data has
 */
public record TargetCheck(
        String target, List<NodeFate> nodes, List<String> islands, List<Problem> problems, boolean lintComplete) {

    /** Copies the lists. */
    public TargetCheck {
        nodes = List.copyOf(nodes);
        islands = List.copyOf(islands);
        problems = List.copyOf(problems);
    }

    /** Looks at what a dry run decided. */
    public static TargetCheck of(DryRun run) {
        Graph graph = run.result().graph();
        List<NodeFate> nodes =
                graph.nodes().stream().map(n -> NodeFate.of(n, run)).toList();
        Map<String, NodeFate> fates = new LinkedHashMap<>();
        nodes.forEach(f -> fates.put(f.node(), f));
        Predicate<Node> quantized = n -> is(fates, n, NodeFate.Kind.QUANTIZED);
        List<String> islands = graph.nodes().stream()
                .filter(n -> is(fates, n, NodeFate.Kind.FLOAT) || is(fates, n, NodeFate.Kind.UNSUPPORTED))
                .filter(n -> graph.upstream(n).stream().anyMatch(quantized)
                        && graph.downstream(n).stream().anyMatch(quantized))
                .map(Node::name)
                .toList();
        List<Problem> problems = new ArrayList<>(run.result().problems());
        boolean complete = lint(run, problems);
        return new TargetCheck(run.plan().target().id(), nodes, islands, problems, complete);
    }

    private static boolean is(Map<String, NodeFate> fates, Node n, NodeFate.Kind kind) {
        NodeFate f = fates.get(n.name());
        return f != null && f.kind() == kind;
    }

    /**
     * Many lints look at the graph alone. One that looks at scales passes over what has none, or fails where it takes
     * them for granted; any other failure is the plugin's.
     */
    private static boolean lint(DryRun run, List<Problem> problems) {
        FrozenQuantizedModel model = new FrozenQuantizedModel(
                "model",
                run.plan().target().id(),
                run.result().graph(),
                run.result().configs().snapshot());
        boolean complete = model.graph().nodes().stream()
                .flatMap(n -> QuantizedNodes.quantized(model.quantization(), n).stream())
                .allMatch(c -> c.qparams().isPresent());
        try {
            problems.addAll(run.plan().target().lint(model));
        } catch (PluginException e) {
            if (complete || !(e.getCause() instanceof NoSuchElementException)) {
                throw e;
            }
        }
        return complete;
    }

    /** How many nodes are of a kind. */
    public long count(NodeFate.Kind kind) {
        return nodes.stream().filter(f -> f.kind() == kind).count();
    }

    /** Of all multiplications with additions, the part in nodes whose activations have at most so many bits. */
    public double share(int bits) {
        long all = nodes.stream().mapToLong(NodeFate::multiplyAdds).sum();
        long these = nodes.stream()
                .filter(f -> f.kind() == NodeFate.Kind.QUANTIZED && f.bits() <= bits)
                .mapToLong(NodeFate::multiplyAdds)
                .sum();
        return all == 0 ? 0 : (double) these / all;
    }

    /** Nodes that are not quantized, by type and reason, in the order of the graph. */
    public Map<String, List<String>> unquantized() {
        Map<String, List<String>> groups = new LinkedHashMap<>();
        nodes.stream()
                .filter(f -> f.kind() == NodeFate.Kind.FLOAT || f.kind() == NodeFate.Kind.UNSUPPORTED)
                .forEach(f -> groups.computeIfAbsent(f.opType() + ": " + f.reason(), k -> new ArrayList<>())
                        .add(f.node()));
        return groups;
    }

    /** As maps and lists, for JSON. */
    public Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("target", target);
        Map<String, Object> counts = new LinkedHashMap<>();
        for (NodeFate.Kind kind : NodeFate.Kind.values()) {
            counts.put(kind.toString(), count(kind));
        }
        map.put("nodes", counts);
        map.put("multiplyAddsIn8Bits", share(8));
        map.put("multiplyAddsQuantized", share(32));
        map.put("islands", islands);
        map.put(
                "fates",
                nodes.stream()
                        .map(f -> {
                            Map<String, Object> row = new LinkedHashMap<>();
                            row.put("node", f.node());
                            row.put("type", f.opType());
                            row.put("kind", f.kind().toString());
                            row.put("bits", f.bits());
                            row.put("reason", f.reason());
                            row.put("multiplyAdds", f.multiplyAdds());
                            return row;
                        })
                        .toList());
        map.put("problems", problems.stream().map(Problem::toString).toList());
        map.put("lintComplete", lintComplete);
        return map;
    }
}
