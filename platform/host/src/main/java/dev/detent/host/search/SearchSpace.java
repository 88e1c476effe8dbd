package dev.detent.host.search;

import dev.detent.host.analyze.ErrorAnalysis;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.rules.Match;
import dev.detent.host.rules.Rule;
import dev.detent.host.rules.Setting;
import dev.detent.host.search.CostModel.Width;
import dev.detent.runtime.Samples;
import dev.detent.spi.backend.InitialState;
import dev.detent.spi.backend.NodeRule;
import dev.detent.spi.backend.Target;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.support.operator.MultiplyAdds;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The ways a network can be on a target: its groups, the widths each may have, and what a mix means as rules.
 *
 * @param groups in the order of the graph
 * @param widths of each group, the plain one first
 * @param units the same for the search, with cost and noise
 * @param facts about each group
 */
public record SearchSpace(List<NodeGroup> groups, List<List<Width>> widths, List<Unit> units, List<Facts> facts) {

    /**
     * What was found out about a group.
     *
     * @param share of all multiply-adds, 0..1
     */
    public record Facts(Sensitivity sensitivity, double share) {}

    /** Who says what a mix says. */
    private static final Rule.Source SOURCE = new Rule.Source("detent tune", "detent tune");

    /** Copies the lists. */
    public SearchSpace {
        groups = List.copyOf(groups);
        widths = List.copyOf(widths);
        units = List.copyOf(units);
        facts = List.copyOf(facts);
    }

    /** So many samples at most tell what a group is worth; with more the order of the groups hardly changes. */
    private static final int MOST_SAMPLES = 16;

    /**
     * Multiply-adds that the measurement may take, about a minute of two cores: three variants of every group, each
     * half a network on average.
     */
    private static final double WORK = 5e11;

    /**
     * Measures the groups of a network that was quantized by the target's own rules.
     *
     * @param samples of which the first ones are used, as many as the size of the network allows
     */
    public static List<Sensitivity> measured(
            Pipeline.Result plain, List<NodeGroup> groups, Samples samples, int workers) {
        double network = MultiplyAdds.of(plain.graph());
        int some = (int) Math.max(2, Math.min(MOST_SAMPLES, WORK / (1.5 * groups.size() * Math.max(1, network))));
        try (ErrorAnalysis analysis = ErrorAnalysis.of(plain)) {
            return Sensitivity.measure(groups, analysis, samples.first(some), workers);
        }
    }

    /**
     * What a target lets each group be.
     *
     * @param sensitivities of the groups, in their order
     * @param milliseconds by node, for {@link CostModel#TIME}
     */
    public static SearchSpace of(
            List<NodeGroup> groups,
            List<Sensitivity> sensitivities,
            Target target,
            Graph graph,
            CostModel cost,
            Map<String, Double> milliseconds) {
        List<List<Width>> widths = new ArrayList<>();
        List<Unit> units = new ArrayList<>();
        List<Facts> facts = new ArrayList<>();
        double all = Math.max(1, MultiplyAdds.of(graph));
        for (int g = 0; g < groups.size(); g++) {
            NodeGroup group = groups.get(g);
            Sensitivity s = sensitivities.get(g);
            List<Width> may = widths(group, target, graph);
            widths.add(may);
            facts.add(new Facts(
                    s,
                    group.nodes().stream()
                                    .mapToLong(n -> MultiplyAdds.of(n, graph))
                                    .sum()
                            / all));
            units.add(new Unit(
                    group.name(),
                    may.stream()
                            .map(w ->
                                    new Choice(label(w), cost.cost(group.nodes(), graph, milliseconds, w), noise(w, s)))
                            .toList()));
        }
        return new SearchSpace(groups, widths, units, facts);
    }

    private static double noise(Width width, Sensitivity s) {
        return switch (width) {
            case PLAIN -> s.noise();
            // 16 bits round 256 times as finely: of the activations' noise nothing is left that one could measure.
            case SIXTEEN -> Math.min(s.noise(), s.weightsAlone());
            case FLOAT -> 0;
        };
    }

    private static String label(Width width) {
        return switch (width) {
            case PLAIN -> "plain";
            case SIXTEEN -> "16 bits";
            case FLOAT -> "float";
        };
    }

    private static List<Width> widths(NodeGroup group, Target target, Graph graph) {
        List<Width> may = new ArrayList<>(List.of(Width.PLAIN));
        if (group.nodes().stream().allMatch(n -> hasSixteenBits(n, target, graph))) {
            may.add(Width.SIXTEEN);
        }
        if (group.nodes().stream().allMatch(n -> hasFloat(n, target, graph))) {
            may.add(Width.FLOAT);
        }
        return may;
    }

    /** One of its rules has 16 bits for activations where the target's own has fewer. */
    private static boolean hasSixteenBits(Node node, Target target, Graph graph) {
        List<NodeRule> rules = target.alternatives(node, graph);
        return rules.size() > 1
                && activationBits(rules.get(0)).noneMatch(b -> b >= 16)
                && rules.stream().anyMatch(r -> activationBits(r).anyMatch(b -> b == 16));
    }

    private static Stream<Integer> activationBits(NodeRule rule) {
        return Stream.concat(rule.inputs().stream().limit(1), rule.outputs().stream())
                .filter(t -> t.state() == InitialState.INITIAL)
                .map(t -> t.scheme().bits());
    }

    private static boolean hasFloat(Node node, Target target, Graph graph) {
        List<NodeRule> rules = target.alternatives(node, graph);
        return !rules.isEmpty() && rules.contains(rules.get(0).inFloat());
    }

    /** What a mix says beyond the target's own rules: one rule for every group that is not plain. */
    public List<Rule> rules(Mix mix) {
        return mix.promoted().stream()
                .map(g -> Rule.of(
                        Match.node(
                                groups.get(g).nodes().stream().map(Node::name).toArray(String[]::new)),
                        SOURCE,
                        width(mix, g) == Width.FLOAT ? new Setting.KeepFloat() : new Setting.Bits(16)))
                .toList();
    }

    /** What a group costs and brings, for people. */
    public String why(int group) {
        Facts f = facts.get(group);
        return String.format(Locale.ROOT, "%.1f %% of the multiply-adds; %s", 100 * f.share(), noise(group));
    }

    /** The noise a group leaves in the outputs, for people. */
    public String noise(int group) {
        Sensitivity s = facts.get(group).sensitivity();
        return "noise in the outputs alone " + decibels(s.alone()) + ", taken from the whole network "
                + decibels(Math.max(0, s.gain()));
    }

    private static String decibels(double noise) {
        return noise == 0 ? "none" : String.format(Locale.ROOT, "%.1f dB", 10 * Math.log10(noise));
    }

    /** How wide a group is in a mix. */
    public Width width(Mix mix, int group) {
        return widths.get(group).get(mix.chosen().get(group));
    }
}
