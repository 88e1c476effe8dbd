package dev.detent.host.rules;

import dev.detent.host.plugin.DidYouMean;
import dev.detent.host.problem.RuleProblems;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.UserException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/** Which nodes and tensors of one graph a rule is about. A criterion that nothing in the graph meets is an error. */
final class Matcher {

    private final Graph graph;
    private final Rule rule;
    private final Set<String> types = new LinkedHashSet<>();
    private final Set<String> nodes = new LinkedHashSet<>();
    private final Set<String> tensors = new LinkedHashSet<>();
    private final List<Problem> problems = new ArrayList<>();
    private final Predicate<Node> node;
    private final Predicate<String> tensor;

    Matcher(Graph graph, Rule rule) {
        this.graph = graph;
        this.rule = rule;
        graph.nodes().forEach(n -> {
            types.add(n.opType());
            nodes.add(n.name());
            n.inputs().stream().filter(v -> !v.isEmpty()).forEach(tensors::add);
            n.outputs().stream().filter(v -> !v.isEmpty()).forEach(tensors::add);
        });
        Match m = rule.match();
        Predicate<Node> byNode = all(n -> true, m.types(), types, "operator of type", Node::opType);
        byNode = all(byNode, m.nodes(), nodes, "node", Node::name);
        this.node = words(byNode, m).and(between(m));
        this.tensor = wordsAsTensors(m).and(m.tensors().isEmpty() ? v -> true : meets("tensor", m.tensors(), tensors));
    }

    /** Whether types, nodes, tensors and words that a rule names occur in the graph. */
    static boolean reaches(Graph graph, Match m) {
        Set<String> types = new HashSet<>();
        Set<String> nodes = new HashSet<>();
        Set<String> tensors = new HashSet<>();
        graph.nodes().forEach(n -> {
            types.add(n.opType());
            nodes.add(n.name());
            tensors.addAll(n.inputs());
            tensors.addAll(n.outputs());
        });
        Set<String> all = new HashSet<>(types);
        all.addAll(nodes);
        all.addAll(tensors);
        return (m.types().isEmpty() || areMet(m.types(), types))
                && (m.nodes().isEmpty() || areMet(m.nodes(), nodes))
                && (m.tensors().isEmpty() || areMet(m.tensors(), tensors))
                && (m.words().isEmpty() || areMet(m.words(), all))
                && m.between()
                        .map(b -> areMet(b.from(), tensors) && areMet(b.to(), tensors))
                        .orElse(true);
    }

    /** Members of lists that nothing in the graph meets, although others are met. */
    List<Problem> problems() {
        return problems;
    }

    /** The node fulfils what the rule says of nodes. */
    boolean matches(Node n) {
        return node.test(n);
    }

    /** The tensor fulfils what the rule says of tensors. */
    boolean matches(String value) {
        return !value.isEmpty() && tensor.test(value);
    }

    private Predicate<Node> all(
            Predicate<Node> so, List<String> patterns, Set<String> known, String kind, Function<Node, String> name) {
        if (patterns.isEmpty()) {
            return so;
        }
        Predicate<String> met = meets(kind, patterns, known);
        return so.and(n -> met.test(name.apply(n)));
    }

    private Predicate<String> meets(String kind, List<String> patterns, Set<String> known) {
        List<Glob> globs = patterns.stream().map(Glob::of).toList();
        List<Glob> idle =
                globs.stream().filter(g -> known.stream().noneMatch(g::matches)).toList();
        if (idle.size() == globs.size()) {
            throw new UserException(
                    RuleProblems.NO_MATCH,
                    "matches nothing: the model has no " + kind + " '" + String.join("' or '", patterns) + "'"
                            + nearest(patterns.get(0), known),
                    rule.source().label());
        }
        idle.forEach(g -> problems.add(Problem.warning(
                RuleProblems.MEMBER_IDLE,
                "the model has no " + kind + " '" + g.text() + "'" + nearest(g.text(), known),
                rule.source().label())));
        return v -> globs.stream().anyMatch(g -> g.matches(v));
    }

    /** A name that is near, or how patterns work. */
    private static String nearest(String pattern, Collection<String> known) {
        String near = DidYouMean.among(pattern.replace("*", ""), known);
        return near.isEmpty() && pattern.contains("*")
                ? "; '*' stops at a slash, '**' does not ('detent inspect --nodes' lists the names)"
                : near.isEmpty() ? "; 'detent inspect --nodes' lists the names" : near;
    }

    /** Bare words that are names of nodes or types. */
    private Predicate<Node> words(Predicate<Node> so, Match m) {
        if (m.words().isEmpty()) {
            return so;
        }
        if (areMet(m.words(), nodes)) {
            return all(so, m.words(), nodes, "node", Node::name);
        }
        return areMet(m.words(), types) ? all(so, m.words(), types, "operator of type", Node::opType) : so;
    }

    private Predicate<String> wordsAsTensors(Match m) {
        if (m.words().isEmpty() || areMet(m.words(), nodes) || areMet(m.words(), types)) {
            return v -> true;
        }
        Set<String> all = new LinkedHashSet<>(nodes);
        all.addAll(types);
        all.addAll(tensors);
        return meets("node, operator type or tensor", m.words(), all);
    }

    private static boolean areMet(List<String> words, Set<String> known) {
        return words.stream().map(Glob::of).anyMatch(g -> known.stream().anyMatch(g::matches));
    }

    /** Nodes that the first tensors reach and the last ones are computed from. */
    private Predicate<Node> between(Match m) {
        if (m.between().isEmpty()) {
            return n -> true;
        }
        Match.Between b = m.between().get();
        Predicate<String> from = meets("tensor", b.from(), tensors);
        Predicate<String> to = meets("tensor", b.to(), tensors);
        Set<Node> behind = walk(from, graph::consumers, Node::outputs);
        Set<Node> before = walk(to, v -> graph.producer(v).stream().toList(), Node::inputs);
        behind.retainAll(before);
        if (behind.isEmpty()) {
            throw new UserException(
                    RuleProblems.NO_MATCH,
                    "matches nothing: no way leads from '" + String.join(",", b.from()) + "' to '"
                            + String.join(",", b.to()) + "'; the first tensors lie nearer to the model's inputs",
                    rule.source().label());
        }
        return behind::contains;
    }

    private Set<Node> walk(
            Predicate<String> start,
            Function<String, ? extends Collection<Node>> step,
            Function<Node, List<String>> onward) {
        Deque<String> open = new ArrayDeque<>();
        tensors.stream().filter(start).forEach(open::add);
        Set<String> seen = new HashSet<>(open);
        Set<Node> found = new LinkedHashSet<>();
        while (!open.isEmpty()) {
            for (Node n : step.apply(open.remove())) {
                found.add(n);
                onward.apply(n).stream()
                        .filter(v -> !v.isEmpty() && seen.add(v))
                        .forEach(open::add);
            }
        }
        return found;
    }
}
