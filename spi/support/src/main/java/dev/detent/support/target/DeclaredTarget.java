package dev.detent.support.target;

import dev.detent.spi.backend.DefaultRecipes;
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
import dev.detent.support.graph.MemoizedGraphQuery;
import dev.detent.support.graph.PerGraph;
import dev.detent.support.number.LinearInteger;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.WeightLayout;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A target as a table: a scheme for activations, one for weights and one for the bias, which operators, which outputs
 * have a rule of their own, which stay float. Covers what most chips want; a target that needs more implements
 * {@link Target} itself or adjusts single nodes.
 */
public final class DeclaredTarget implements Target {

    /** Changes the rule that the table gave to a node. */
    @FunctionalInterface
    public interface Adjustment {
        /** @return the rule to use instead; {@code rule} where nothing changes */
        NodeRule adjust(NodeRule rule, Node node, Graph graph);
    }

    /** A further condition on a node of a quantized type. */
    @FunctionalInterface
    public interface Condition {
        /** Whether the target quantizes the node. */
        boolean test(Node node, Graph graph);
    }

    /** What will run badly, or not as simulated. */
    @FunctionalInterface
    public interface Lint {
        /** @return warnings and notes with the node at their {@code where}; an empty list when all is well */
        List<Problem> check(QuantizedModel model);
    }

    /** Makes a target's recipe from the host's. */
    @FunctionalInterface
    public interface RecipeChoice {
        /** @return one of the host's recipes, changed or as it is */
        QuantizationRecipe from(DefaultRecipes host);
    }

    /** Never shown: a float bias has no codes. */
    private static final Scheme FLOAT_BIAS = LinearInteger.int32();

    record Weights(TensorRule rule, boolean perChannel) {}

    /** Operators the chip runs with another scheme as well. */
    record Also(Scheme scheme, Set<String> types) {}

    private final String id;
    private final String summary;
    private final Set<String> types;
    private final Condition condition;
    private final TensorRule activation;
    private final Map<String, Weights> weights;
    private final TensorRule bias;
    private final Map<String, TensorRule> outputs;
    private final Set<String> passive;
    private final Set<String> floatInputs;
    private final boolean floatOutputs;
    private final boolean floatNetworkOutputs;
    private final List<Adjustment> adjustments;
    private final List<Also> alsoActivations;
    private final List<Also> alsoWeights;
    private final RecipeChoice recipe;
    private final List<Exporter> exporters;
    private final List<Lint> lints;
    private final PerGraph<Set<String>> floatValues = new PerGraph<>(this::floatValues);

    /** Copies the table: the builder may go on to another target. */
    DeclaredTarget(DeclaredTargetBuilder table, TensorRule activation) {
        this.id = table.id;
        this.summary = table.summary;
        this.types = table.types;
        this.condition = table.condition;
        this.activation = activation;
        this.weights = Map.copyOf(table.weights);
        this.bias = Objects.requireNonNullElseGet(
                table.bias, () -> new TensorRule(FLOAT_BIAS, activation.observer(), InitialState.FP32));
        this.outputs = Map.copyOf(table.outputs);
        this.passive = table.passive;
        this.floatInputs = table.floatInputs;
        this.floatOutputs = table.floatOutputs;
        this.floatNetworkOutputs = table.floatNetworkOutputs;
        this.adjustments = List.copyOf(table.adjustments);
        this.alsoActivations = List.copyOf(table.alsoActivations);
        this.alsoWeights = List.copyOf(table.alsoWeights);
        this.recipe = table.recipe;
        this.exporters = table.exporters;
        this.lints = List.copyOf(table.lints);
    }

    /**
     * Starts a table. Targets made from one builder are independent of each other and of what is added later.
     *
     * @param id lower-case words joined by {@code -}, unique among all plugins
     * @param summary one line for {@code detent backends}
     */
    public static DeclaredTargetBuilder of(String id, String summary) {
        return new DeclaredTargetBuilder(id, summary);
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    public String summary() {
        return summary;
    }

    @Override
    public boolean supports(Node node, Graph graph) {
        return node.isOneOf(types) && condition.test(node, graph);
    }

    @Override
    public QuantizationRecipe recipe(DefaultRecipes host) {
        return recipe.from(host);
    }

    @Override
    public List<Exporter> exporters() {
        return exporters;
    }

    @Override
    public List<Problem> lint(QuantizedModel model) {
        return lints.stream().flatMap(l -> l.check(model).stream()).toList();
    }

    @Override
    public Rules rules() {
        return this::rule;
    }

    /** The table's own rule, what it says the chip can do as well, in every combination, and float. */
    @Override
    public List<NodeRule> alternatives(Node node, Graph graph) {
        if (!supports(node, graph)) {
            return List.of();
        }
        NodeRule own = rule(node, graph);
        Set<NodeRule> widths = new LinkedHashSet<>(List.of(own));
        alsoActivations.stream()
                .filter(a -> node.isOneOf(a.types()))
                .forEach(a -> widths.add(withActivations(own, a.scheme(), node, graph)));
        Set<NodeRule> all = new LinkedHashSet<>(widths);
        alsoWeights.stream()
                .filter(w -> node.isOneOf(w.types()) && hasWeight(node, graph))
                .forEach(w -> widths.forEach(rule -> all.add(withWeight(rule, w.scheme()))));
        all.add(own.inFloat());
        return List.copyOf(all);
    }

    private NodeRule withActivations(NodeRule own, Scheme scheme, Node node, Graph graph) {
        NodeRule changed = own;
        for (int i = 0; i < own.inputs().size(); i++) {
            TensorRule slot = own.inputs().get(i);
            boolean parameter = i == 1 && hasWeight(node, graph)
                    || i == 2 && node.isOneOf(OperatorTable.biased())
                    || slot.scheme().isPerChannel() && !scheme.isPerChannel();
            changed = parameter || slot.state() != InitialState.INITIAL ? changed : changed.input(i, slot.with(scheme));
        }
        for (int i = 0; i < own.outputs().size(); i++) {
            TensorRule slot = own.outputs().get(i);
            changed = slot.state() == InitialState.INITIAL ? changed.output(i, slot.with(scheme)) : changed;
        }
        return changed;
    }

    private static NodeRule withWeight(NodeRule rule, Scheme scheme) {
        TensorRule own = rule.inputs().get(1);
        return rule.input(1, own.with(scheme.with(own.scheme().granularity())));
    }

    private boolean hasWeight(Node node, Graph graph) {
        return weights.containsKey(node.opType()) && graph.isInitializer(node.input(1));
    }

    private NodeRule rule(Node node, Graph graph) {
        NodeRule rule = NodeRule.uniform(node, activation);
        if (hasWeight(node, graph)) {
            Weights own = Objects.requireNonNull(weights.get(node.opType()));
            TensorRule w = own.rule();
            rule = rule.input(1, own.perChannel() ? w.with(WeightLayout.perOutputChannel(w.scheme(), node, graph)) : w);
        }
        if (node.isOneOf(OperatorTable.biased()) && node.hasInput(2)) {
            rule = rule.input(2, biasOf(node, graph));
        }
        TensorRule unquantized = activation.with(InitialState.FP32);
        Set<String> staysFloat = floatValues.of(graph);
        for (int i = 0; i < node.outputs().size(); i++) {
            TensorRule own = outputs.get(node.opType());
            if (floatOutputs || staysFloat.contains(node.output(i))) {
                rule = rule.output(i, unquantized);
            } else if (own != null) {
                rule = rule.output(i, own);
            }
        }
        boolean onward = staysFloat.containsAll(node.outputs());
        for (int i = 0; i < node.inputs().size(); i++) {
            if (onward && carriesOn(node, node.input(i))) {
                rule = rule.input(i, unquantized);
            }
        }
        NodeRule adjusted = rule;
        for (Adjustment a : adjustments) {
            adjusted = a.adjust(adjusted, node, graph);
        }
        if (bringsValues(node, graph)) {
            return adjusted.input(2, unquantized);
        }
        return adjusted.passive(node.isOneOf(passive));
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
    private TensorRule biasOf(Node node, Graph graph) {
        boolean constant =
                graph.initializer(node.input(2)).map(t -> t.rank() == 1).orElse(false);
        boolean plain = node.floatAttribute("alpha", 1) == 1 && node.floatAttribute("beta", 1) == 1;
        return constant && plain ? bias : bias.with(InitialState.FP32);
    }

    /**
     * Values that leave the network, or go into an operator that wants them as they are, or are only moved or joined on
     * their way there.
     */
    private Set<String> floatValues(Graph graph) {
        MemoizedGraphQuery<String, Boolean> staysFloat = new MemoizedGraphQuery<>(
                v -> graph.consumers(v).stream()
                        .filter(c -> carriesOn(c, v))
                        .flatMap(c -> c.outputs().stream())
                        .toList(),
                (v, known) -> floatNetworkOutputs && graph.isOutput(v)
                        || !graph.consumers(v).isEmpty()
                                && graph.consumers(v).stream()
                                        .allMatch(c -> c.isOneOf(floatInputs)
                                                || carriesOn(c, v)
                                                        && c.outputs().stream().allMatch(known::apply)));
        return graph.nodes().stream()
                .flatMap(n -> n.outputs().stream())
                .filter(staysFloat::of)
                .collect(Collectors.toUnmodifiableSet());
    }

    /** The elements of this input come out as they are. */
    private boolean carriesOn(Node node, String input) {
        return node.is("Concat") || node.isOneOf(passive) && node.input(0).equals(input);
    }
}
