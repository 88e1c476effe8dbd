package dev.detent.testkit;

import dev.detent.spi.backend.InitialState;
import dev.detent.spi.backend.NodeRule;
import dev.detent.spi.backend.Target;
import dev.detent.spi.backend.TensorRule;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a target makes of the sample graphs, one line per slot, for the tests of a backend: they can be read beside the
 * vendor's table.
 */
public final class RuleText {

    private RuleText() {}

    /**
     * Rules by slot, e.g. {@code "Conv in 1"} to {@code "linear 8 bit [-127, 127] symmetric per channel of axis 0,
     * minmax"}, {@code "float"} or {@code "…, derived"}: of the first node of its type in {@link SampleGraphs}. Types
     * that the target does not support are absent.
     */
    public static Map<String, String> of(Target target) {
        Map<String, String> lines = new LinkedHashMap<>();
        for (Graph graph : SampleGraphs.all().values()) {
            for (Node n : graph.nodes()) {
                if (target.supports(n, graph)) {
                    NodeRule rule = target.rules().rule(n, graph);
                    put(lines, n.opType() + " in ", rule.inputs());
                    put(lines, n.opType() + " out ", rule.outputs());
                }
            }
        }
        return lines;
    }

    /** The same of the target with this id. */
    public static Map<String, String> of(List<Target> targets, String id) {
        return of(targets.stream().filter(t -> t.id().equals(id)).findFirst().orElseThrow());
    }

    private static void put(Map<String, String> lines, String slot, List<TensorRule> rules) {
        for (int i = 0; i < rules.size(); i++) {
            lines.putIfAbsent(slot + i, text(rules.get(i)));
        }
    }

    private static String text(TensorRule rule) {
        return rule.state() == InitialState.FP32
                ? "float"
                : rule.scheme() + ", " + rule.observer()
                        + (rule.state() == InitialState.PASSIVE_INIT ? ", derived" : "");
    }
}
