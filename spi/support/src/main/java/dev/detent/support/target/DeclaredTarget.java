package dev.detent.support.target;

import dev.detent.spi.backend.InitialState;
import dev.detent.spi.backend.NodeRule;
import dev.detent.spi.backend.QuantizationRecipe;
import dev.detent.spi.backend.Rules;
import dev.detent.spi.backend.Target;
import dev.detent.spi.backend.TensorRule;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.number.LinearInteger;
import dev.detent.support.operator.Operators;
import dev.detent.support.operator.OutputChannelAxis;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A target as a table: a scheme for activations, one for weights and one for the bias, which operators, which outputs
 * have a rule of their own, which stay float. Covers what most chips want; a target that needs more implements
 * {@link Target} itself or adjusts single nodes.
 */
public final class DeclaredTarget implements Target {

    /** Changes the rule that the table gave to a node. */
    @FunctionalInterface
    public interface Adjustment {
        NodeRule adjust(NodeRule rule, Node node, Graph graph);
    }

    /** A further condition on a node of a quantized type. */
    @FunctionalInterface
    public interface Condition {
        boolean test(Node node, Graph graph);
    }

    /** What will run badly, or not as simulated. */
    @FunctionalInterface
    public interface Lint {
        List<Problem> check(QuantizedModel model);
    }

    private record Weights(TensorRule rule, boolean perChannel) {}

    private final Builder table;

    private DeclaredTarget(Builder table) {
        this.table = table;
    }

    public static Builder of(String id, String summary) {
        return new Builder(id, summary);
    }

    @Override
    public String id() {
        return table.id;
    }

    @Override
    public String summary() {
        return table.summary;
    }

    @Override
    public boolean supports(Node node, Graph graph) {
        return node.isOneOf(table.types) && table.condition.test(node, graph);
    }

    @Override
    public QuantizationRecipe profile() {
        return table.profile;
    }

    @Override
    public List<Exporter> exporters() {
        return table.exporters;
    }

    @Override
    public List<Problem> lint(QuantizedModel model) {
        return table.lints.stream().flatMap(l -> l.check(model).stream()).toList();
    }

    @Override
    public Rules rules() {
        return this::rule;
    }

    private NodeRule rule(Node node, Graph graph) {
        NodeRule rule = NodeRule.uniform(node, table.activation);
        Weights weights = table.weights.get(node.opType());
        if (weights != null && graph.isInitializer(node.input(1))) {
            TensorRule w = weights.rule();
            rule = rule.input(
                    1, weights.perChannel() ? w.with(OutputChannelAxis.perOutputChannel(w.scheme(), node, graph)) : w);
        }
        if (node.isOneOf(Operators.BIASED) && node.hasInput(2)) {
            rule = rule.input(2, bias(node, graph));
        }
        TensorRule unquantized = table.activation.with(InitialState.FP32);
        for (int i = 0; i < node.outputs().size(); i++) {
            TensorRule own = table.outputs.get(node.opType());
            if (table.floatOutputs || staysFloat(node.output(i), graph)) {
                rule = rule.output(i, unquantized);
            } else if (own != null) {
                rule = rule.output(i, own);
            }
        }
        boolean onward = node.outputs().stream().allMatch(o -> staysFloat(o, graph));
        for (int i = 0; i < node.inputs().size(); i++) {
            if (onward && carriesOn(node, node.input(i))) {
                rule = rule.input(i, unquantized);
            }
        }
        NodeRule adjusted = rule;
        for (Adjustment a : table.adjustments) {
            adjusted = a.adjust(adjusted, node, graph);
        }
        if (bringsValues(node, graph)) {
            return adjusted.input(2, unquantized);
        }
        return adjusted.passive(node.isOneOf(table.passive));
    }

    /**
     * A Pad whose value need not lie in the range of the data. A range that is made for both would serve neither where
     * the value is as low as floats go, as in front of a MaxPool, for which the lowest of the data's range does as
     * well.
     */
    private static boolean bringsValues(Node node, Graph graph) {
        if (!node.is("Pad")
                || !node.hasInput(2)
                || !node.stringAttribute("mode", "constant").equals("constant")) {
            return false;
        }
        boolean zero = graph.initializer(node.input(2))
                .map(t -> t.type() != ElementType.FLOAT || t.elementCount() == 0 || t.floats()[0] == 0)
                .orElse(false);
        return !zero && !graph.consumers(node.output(0)).stream().allMatch(c -> c.is("MaxPool"));
    }

    /** A bias that is no constant vector, or that Gemm multiplies with a factor, has no integer form. */
    private TensorRule bias(Node node, Graph graph) {
        boolean constant =
                graph.initializer(node.input(2)).map(t -> t.rank() == 1).orElse(false);
        boolean plain = node.floatAttribute("alpha", 1) == 1 && node.floatAttribute("beta", 1) == 1;
        return constant && plain ? table.bias : table.bias.with(InitialState.FP32);
    }

    /**
     * The value leaves the network, or goes into an operator that wants it as it is, or is only moved or joined on its
     * way there.
     */
    private boolean staysFloat(String value, Graph graph) {
        if (table.floatNetworkOutputs && graph.isOutput(value)) {
            return true;
        }
        Set<Node> consumers = graph.consumers(value);
        return !consumers.isEmpty()
                && consumers.stream()
                        .allMatch(c -> c.isOneOf(table.floatInputs)
                                || carriesOn(c, value) && c.outputs().stream().allMatch(o -> staysFloat(o, graph)));
    }

    /** The elements of this input come out as they are. */
    private boolean carriesOn(Node node, String input) {
        return node.is("Concat") || node.isOneOf(table.passive) && node.input(0).equals(input);
    }

    /** Collects the table; calls may come in any order. */
    public static final class Builder {
        private final String id;
        private final String summary;
        private final Map<String, Weights> weights = new LinkedHashMap<>();
        private final Map<String, TensorRule> outputs = new LinkedHashMap<>();
        private final List<Adjustment> adjustments = new ArrayList<>();
        private final List<Lint> lints = new ArrayList<>();
        private TensorRule activation =
                new TensorRule(LinearInteger.symmetric(8, -128, 127), "mse", InitialState.INITIAL);
        private TensorRule bias =
                new TensorRule(LinearInteger.symmetric(32, -2147483647L, 2147483647L), "minmax", InitialState.FP32);
        private Set<String> types = Set.of();
        private Set<String> passive = Set.of();
        private Set<String> floatInputs = Set.of();
        private Condition condition = (n, g) -> true;
        private boolean floatOutputs;
        private boolean floatNetworkOutputs;
        private QuantizationRecipe profile = QuantizationRecipe.usual();
        private List<Exporter> exporters = List.of();

        private Builder(String id, String summary) {
            this.id = id;
            this.summary = summary;
        }

        /** Operators that are quantized. */
        public Builder quantizes(Set<String> opTypes) {
            types = Set.copyOf(opTypes);
            return this;
        }

        /** Nodes of these types stay float unless the condition holds. */
        public Builder onlyIf(Condition holds) {
            condition = holds;
            return this;
        }

        /** Operators among them that only move data; their outputs take over the input's quantization. */
        public Builder moves(Set<String> opTypes) {
            passive = Set.copyOf(opTypes);
            return this;
        }

        /** Every slot without a rule of its own. */
        public Builder activations(Scheme scheme, String observer) {
            activation = new TensorRule(scheme, observer, InitialState.INITIAL);
            return this;
        }

        /** One scale for a whole constant weight. */
        public Builder weights(Scheme scheme, Set<String> opTypes) {
            return weights(new Weights(new TensorRule(scheme, "minmax", InitialState.INITIAL), false), opTypes);
        }

        /** One scale per output channel of a constant weight. */
        public Builder channelWeights(Scheme scheme, Set<String> opTypes) {
            return weights(new Weights(new TensorRule(scheme, "minmax", InitialState.INITIAL), true), opTypes);
        }

        private Builder weights(Weights rule, Set<String> opTypes) {
            opTypes.forEach(t -> weights.put(t, rule));
            return this;
        }

        /** Bias with scale input x weight; without this call it stays float. */
        public Builder derivedBias(Scheme scheme) {
            bias = new TensorRule(scheme, "minmax", InitialState.PASSIVE_INIT);
            return this;
        }

        /** Bias with a scale of its own. */
        public Builder calibratedBias(Scheme scheme, String observer) {
            bias = new TensorRule(scheme, observer, InitialState.INITIAL);
            return this;
        }

        /** Outputs of these operators. */
        public Builder outputs(TensorRule rule, Set<String> opTypes) {
            opTypes.forEach(t -> outputs.put(t, rule));
            return this;
        }

        /** Only inputs are quantized. */
        public Builder floatOutputs() {
            floatOutputs = true;
            return this;
        }

        /** What goes into these operators alone stays float; they are float themselves. */
        public Builder floatInto(Set<String> opTypes) {
            floatInputs = Set.copyOf(opTypes);
            return this;
        }

        /**
         * What leaves the network stays float, also where it is joined before: boxes and scores of a detector need no
         * common scale.
         */
        public Builder floatNetworkOutputs() {
            floatNetworkOutputs = true;
            return this;
        }

        public Builder adjusted(Adjustment adjustment) {
            adjustments.add(adjustment);
            return this;
        }

        public Builder profile(QuantizationRecipe passes) {
            profile = passes;
            return this;
        }

        /** In order of preference. */
        public Builder writes(Exporter... formats) {
            exporters = List.of(formats);
            return this;
        }

        public Builder lint(Lint lint) {
            lints.add(lint);
            return this;
        }

        /** The target; the builder is spent. */
        public DeclaredTarget build() {
            return new DeclaredTarget(this);
        }
    }
}
