package dev.detent.testkit;

import dev.detent.spi.backend.InitialState;
import dev.detent.spi.backend.NodeRule;
import dev.detent.spi.backend.Target;
import dev.detent.spi.backend.TensorRule;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A target's rules, on every supported node of the sample graphs: one rule per input and output, known observers, a
 * channel axis the weight has, the same answer twice, the graph untouched, and the rule is one of the things it says
 * the node may be.
 */
public final class RulesContract {

    private static final String NAME = "RulesContract";

    private RulesContract() {}

    /** @param observers ids of all observers that may be named */
    public static List<ContractViolation> check(Target target, Set<String> observers) {
        List<ContractViolation> checks = new ArrayList<>();
        for (Map.Entry<String, Graph> e : SampleGraphs.all().entrySet()) {
            Graph graph = e.getValue();
            int revision = graph.revision();
            List<String> broken = new ArrayList<>();
            for (Node n : graph.nodes()) {
                if (target.supports(n, graph)) {
                    check(target, graph, n, observers, broken);
                }
            }
            if (graph.revision() != revision) {
                broken.add("the rules changed the graph");
            }
            String what = target.id() + " on " + e.getKey();
            checks.add(
                    broken.isEmpty()
                            ? ContractViolation.passed(NAME, what)
                            : ContractViolation.failed(NAME, what + ": " + String.join("; ", broken)));
        }
        return checks;
    }

    private static void check(Target target, Graph graph, Node n, Set<String> observers, List<String> broken) {
        NodeRule rule = target.rules().rule(n, graph);
        if (rule.inputs().size() != n.inputs().size()
                || rule.outputs().size() != n.outputs().size()) {
            broken.add(n + " has another number of slots than its rule");
            return;
        }
        if (!rule.equals(target.rules().rule(n, graph))) {
            broken.add(n + " gets another rule the second time");
        }
        List<NodeRule> alternatives = target.alternatives(n, graph);
        if (!alternatives.contains(rule)) {
            broken.add(n + " has a rule that is not among its alternatives");
        }
        if (!alternatives.contains(rule.inFloat())) {
            broken.add(n + " may not stay in float, though a dispatcher can leave it there");
        }
        if (Set.copyOf(alternatives).size() != alternatives.size()) {
            broken.add(n + " has the same alternative twice");
        }
        alternatives.forEach(a -> check(graph, n, a, observers, broken));
    }

    private static void check(Graph graph, Node n, NodeRule rule, Set<String> observers, List<String> broken) {
        if (rule.inputs().size() != n.inputs().size()
                || rule.outputs().size() != n.outputs().size()) {
            broken.add(n + " has an alternative of another number of slots");
            return;
        }
        List<TensorRule> all = new ArrayList<>(rule.inputs());
        all.addAll(rule.outputs());
        for (TensorRule s : all) {
            if (!observers.contains(s.observer())) {
                broken.add(n + " names the unknown observer '" + s.observer() + "'");
            }
        }
        for (int i = 0; i < rule.inputs().size(); i++) {
            TensorRule s = rule.inputs().get(i);
            Tensor t = graph.initializer(n.input(i)).orElse(null);
            if (s.scheme().isPerChannel()
                    && s.state() == InitialState.INITIAL
                    && t != null
                    && s.scheme().axis().getAsInt() >= t.rank()) {
                broken.add(
                        n + " input " + i + " has no axis " + s.scheme().axis().getAsInt());
            }
        }
    }
}
