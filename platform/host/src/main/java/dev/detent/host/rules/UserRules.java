package dev.detent.host.rules;

import dev.detent.host.plugin.Registry;
import dev.detent.host.problem.RuleProblems;
import dev.detent.host.rules.Setting.Topic;
import dev.detent.kernel.QuantizationConfigs.Ruling;
import dev.detent.spi.backend.InitialState;
import dev.detent.spi.backend.NodeRule;
import dev.detent.spi.backend.Target;
import dev.detent.spi.backend.TensorRule;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.Slot;
import dev.detent.support.operator.OperatorTable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Applies a person's rules to what a target decided. Pure: neither graph nor configs are touched. What a rule cannot
 * mean on this model and target is a UserException: it matches nothing, it leaves nothing of another rule of the same
 * place, it asks for what the target does not have.
 */
public final class UserRules {

    /**
     * What the rules meet.
     *
     * @param own the target's rule of every quantized node, by name, in graph order
     * @param registry with the observers of {@link RuleObservers#register}
     */
    public record Situation(Graph graph, Map<String, NodeRule> own, Target target, Registry registry) {}

    /**
     * What becomes of the target's rules.
     *
     * @param nodes those that change, by name
     * @param hits one per rule, in order
     * @param problems what a person should know
     */
    public record Outcome(Map<String, NodeOutcome> nodes, List<RuleHits> hits, List<Problem> problems) {}

    /** @param passive the node still only moves data */
    public record NodeOutcome(boolean passive, Map<Slot, Ruling> slots) {}

    private final Situation given;
    private final Formats formats;
    private final Map<Slot, SlotOutcome> slots = new LinkedHashMap<>();
    private final Map<Rule, List<String>> matched = new LinkedHashMap<>();
    private final Map<Rule, Set<SlotOutcome>> said = new LinkedHashMap<>();
    private final List<Problem> problems = new ArrayList<>();

    private UserRules(Situation given) {
        this.given = given;
        this.formats = new Formats(given.graph(), given.target(), given.registry());
        for (Node n : given.graph().nodes()) {
            NodeRule own = given.own().get(n.name());
            if (own != null) {
                addSlots(n, own);
            }
        }
    }

    /** Those of the rules that name nothing which the graph lacks; of a branch, the others are the whole model's. */
    public static List<Rule> reaching(List<Rule> rules, Graph graph) {
        return rules.stream().filter(r -> Matcher.reaches(graph, r.match())).toList();
    }

    /** Applies rules in order. */
    public static Outcome apply(List<Rule> rules, Situation given) {
        UserRules application = new UserRules(given);
        rules.forEach(application::say);
        rules.forEach(r -> application.refuseContradicted(r));
        return application.outcome(rules);
    }

    private void addSlots(Node n, NodeRule own) {
        for (int i = 0; i < n.inputs().size(); i++) {
            if (n.hasInput(i)) {
                TensorRule rule = own.inputs().get(i);
                add(new SlotOutcome(n, Slot.input(n.name(), i), SlotRole.ofInput(n, i, rule, given.graph()), rule));
            }
        }
        for (int i = 0; i < n.outputs().size(); i++) {
            if (!n.output(i).isEmpty()) {
                add(new SlotOutcome(
                        n,
                        Slot.output(n.name(), i),
                        SlotRole.OUTPUT,
                        own.outputs().get(i)));
            }
        }
    }

    /** Shapes and indices are not quantized, whatever a rule says of the node. */
    private void add(SlotOutcome slot) {
        boolean isFloat = given.graph()
                .initializer(slot.value())
                .map(t -> t.type() == ElementType.FLOAT)
                .orElseGet(() -> given.graph().isFloat(slot.value()));
        if (isFloat) {
            slots.put(slot.slot(), slot);
        }
    }

    private void say(Rule rule) {
        Matcher matcher = new Matcher(given.graph(), rule);
        problems.addAll(matcher.problems());
        Set<SlotOutcome> reached = new LinkedHashSet<>();
        Set<SlotOutcome> unquantized = new LinkedHashSet<>();
        for (SlotOutcome slot : slots.values()) {
            if (matcher.matches(slot.node()) && matcher.matches(slot.value())) {
                rule.parts().stream()
                        .filter(p -> p.roles().contains(slot.role()) && knows(p.setting(), slot))
                        .forEach(p -> {
                            (slot.isQuantizable() ? reached : unquantized).add(slot);
                            if (slot.isQuantizable()) {
                                slot.say(rule, p.setting());
                            }
                        });
            }
        }
        List<String> nodes = nodes(rule, matcher, reached, unquantized);
        boolean quantizes = rule.parts().stream().anyMatch(p -> !isOff(p.setting()));
        if (reached.isEmpty() && (nodes.isEmpty() || quantizes)) {
            throw idle(rule, nodes, unquantized);
        }
        matched.put(rule, nodes);
        said.put(rule, reached);
    }

    /** Of a rule that names slots, only nodes that have some. */
    private List<String> nodes(Rule rule, Matcher matcher, Set<SlotOutcome> reached, Set<SlotOutcome> unquantized) {
        return given.graph().nodes().stream()
                .filter(matcher::matches)
                .filter(n -> n.inputs().stream().anyMatch(matcher::matches)
                        || n.outputs().stream().anyMatch(matcher::matches))
                .filter(n -> rule.match().slots().isEmpty()
                        || Stream.concat(reached.stream(), unquantized.stream())
                                .anyMatch(s -> s.node().equals(n)))
                .map(Node::name)
                .toList();
    }

    private static boolean isOff(Setting s) {
        return s instanceof Setting.KeepFloat || s instanceof Setting.SwitchOff;
    }

    /** A table of ranges is about the tensors in it, as far as they have one scale. */
    private static boolean knows(Setting setting, SlotOutcome slot) {
        return !(setting instanceof Setting.Known k)
                || k.ranges().byTensor().containsKey(slot.value())
                        && !slot.own().scheme().isPerChannel();
    }

    private UserException idle(Rule rule, List<String> nodes, Set<SlotOutcome> unquantized) {
        for (Rule.Part part : rule.parts()) {
            if (part.setting() instanceof Setting.Known k) {
                return new UserException(
                        RuleProblems.RANGES,
                        "names none of the tensors that target '"
                                + given.target().id() + "' quantizes in this model"
                                + "; the first of its " + k.ranges().byTensor().size() + " is '"
                                + k.ranges().byTensor().keySet().iterator().next() + "'",
                        k.ranges().from());
            }
        }
        String sentence = nodes.isEmpty()
                ? "matches nothing: no node fulfils all of '" + rule.match() + "'"
                : unquantized.isEmpty()
                        ? "hits nothing that target '" + given.target().id() + "' quantizes: "
                                + named(nodes) + " stay" + (nodes.size() == 1 ? "s" : "") + " float there"
                                + (given.own().keySet().stream().anyMatch(nodes::contains)
                                        ? ", or has no such slot"
                                        : "")
                        : "sets " + rule.words() + " where target '"
                                + given.target().id() + "' computes in float: "
                                + named(unquantized.stream()
                                        .map(s -> s.slot().toString())
                                        .toList())
                                + "; leave it out for this target";
        return new UserException(
                RuleProblems.NOT_QUANTIZED, sentence, rule.source().label());
    }

    private static String named(List<String> names) {
        return names.stream().limit(3).collect(Collectors.joining("', '", "'", "'"))
                + (names.size() > 3 ? " and " + (names.size() - 3) + " more" : "");
    }

    /** A rule of which later ones of the same place leave nothing was not meant so. */
    private void refuseContradicted(Rule rule) {
        Set<SlotOutcome> reached = said.getOrDefault(rule, Set.of());
        if (reached.isEmpty() || reached.stream().anyMatch(s -> s.rules().contains(rule))) {
            return;
        }
        reached.stream()
                .flatMap(s -> s.all().stream())
                .filter(s -> s.rule().source().place().equals(rule.source().place()))
                .filter(s -> rule.parts().stream().noneMatch(p -> p.setting().equals(s.setting())))
                .findFirst()
                .ifPresent(by -> {
                    throw new UserException(
                            RuleProblems.CONTRADICTION,
                            "sets " + rule.words() + ", and " + by.rule().source() + " sets "
                                    + by.rule().words()
                                    + " at every slot it hits; put the narrower of the two last, or remove one",
                            rule.source().label());
                });
    }

    private Outcome outcome(List<Rule> rules) {
        Map<Slot, Ruling> rulings = new LinkedHashMap<>();
        slots.values().stream().filter(s -> !s.all().isEmpty()).forEach(s -> rulings.put(s.slot(), ruling(s)));
        slots.values().forEach(s -> withoutUnit(s, rulings).ifPresent(r -> rulings.put(s.slot(), r)));
        Map<String, Map<Slot, Ruling>> byNode = new LinkedHashMap<>();
        slots.keySet().stream()
                .filter(rulings::containsKey)
                .forEach(s -> byNode.computeIfAbsent(s.node(), k -> new LinkedHashMap<>())
                        .put(s, rulings.get(s)));
        Map<String, NodeOutcome> nodes = new LinkedHashMap<>();
        byNode.forEach((name, of) -> nodes.put(name, new NodeOutcome(staysPassive(name, rulings), of)));
        return new Outcome(nodes, rules.stream().map(r -> hits(r, rulings)).toList(), List.copyOf(problems));
    }

    private Ruling ruling(SlotOutcome slot) {
        List<SlotOutcome.Said> all = slot.all();
        String source = slot.rules().stream().map(r -> r.source().label()).collect(Collectors.joining(" and "));
        String what = Setting.words(all.stream().map(SlotOutcome.Said::setting).toList());
        Optional<SlotOutcome.Said> off = slot.offBy();
        if (off.isPresent()) {
            InitialState state =
                    off.get().setting() instanceof Setting.SwitchOff ? InitialState.DEACTIVATED : InitialState.FP32;
            return new Ruling(slot.own().with(state), false, source, what);
        }
        TensorRule rule = slot.own().with(formats.scheme(slot));
        Optional<Setting> state = slot.said(Topic.STATE).map(SlotOutcome.Said::setting);
        if (state.orElse(null) instanceof Setting.BiasState bias) {
            rule = rule.with(bias.state());
        }
        Optional<SlotOutcome.Said> parameters = slot.said(Topic.PARAMETERS);
        if (parameters.isEmpty()) {
            return new Ruling(rule, false, source, what);
        }
        ParameterCheck.check(slot, rule, parameters.get(), given);
        Setting s = parameters.get().setting();
        boolean chosen = s instanceof Setting.Observe || s instanceof Setting.Known;
        String observer = s instanceof Setting.Known k ? RuleObservers.id(k, slot.value()) : RuleObservers.id(s);
        return new Ruling(rule.observedBy(observer), chosen, source, what);
    }

    /** A bias in units of input x weight, when a rule leaves one of the two without a unit. */
    private Optional<Ruling> withoutUnit(SlotOutcome bias, Map<Slot, Ruling> rulings) {
        TensorRule rule = now(bias, rulings);
        if (rule.state() != InitialState.PASSIVE_INIT) {
            return Optional.empty();
        }
        Optional<SlotOutcome> lender = lenders(bias).stream()
                .filter(l -> l.isQuantizable())
                .filter(l -> now(l, rulings).state() == InitialState.FP32
                        || now(l, rulings).state() == InitialState.DEACTIVATED)
                .findFirst();
        if (lender.isEmpty()) {
            return Optional.empty();
        }
        SlotOutcome.Said by = lender.get().offBy().orElseThrow();
        bias.said(Topic.STATE).ifPresent(s -> {
            throw new UserException(
                    RuleProblems.CONTRADICTION,
                    "sets state=passive for '" + bias.value() + "', whose unit is input scale x weight scale, and "
                            + by.rule().source() + " keeps '" + lender.get().value()
                            + "' in float; set state=float for the bias or leave the other quantized",
                    s.rule().source().label());
        });
        return Optional.of(new Ruling(
                rule.with(InitialState.FP32),
                false,
                by.rule().source().label(),
                "float like '" + lender.get().value() + "', which its scale would follow from"));
    }

    /** What a derived config takes its scale from. */
    private List<SlotOutcome> lenders(SlotOutcome derived) {
        Node n = derived.node();
        List<SlotOutcome> lenders = new ArrayList<>();
        if (n.isOneOf(OperatorTable.biased())) {
            lenders.add(slots.get(Slot.input(n.name(), 0)));
            lenders.add(slots.get(Slot.input(n.name(), 1)));
        } else if (n.is("Add")) {
            given.graph().producer(n.input(1 - derived.slot().index())).ifPresent(p -> {
                lenders.add(slots.get(Slot.input(p.name(), 0)));
                lenders.add(slots.get(Slot.input(p.name(), 1)));
            });
        } else if (derived.slot().index() > 0) {
            lenders.add(slots.get(Slot.input(n.name(), 0)));
        }
        lenders.removeIf(l -> l == null);
        return lenders;
    }

    private static TensorRule now(SlotOutcome slot, Map<Slot, Ruling> rulings) {
        return Optional.ofNullable(rulings.get(slot.slot())).map(Ruling::rule).orElse(slot.own());
    }

    /** A node that is float throughout moves nothing that is quantized. */
    private boolean staysPassive(String node, Map<Slot, Ruling> rulings) {
        return Optional.ofNullable(given.own().get(node)).map(NodeRule::passive).orElse(false)
                && slots.values().stream()
                        .filter(s -> s.node().name().equals(node))
                        .anyMatch(s -> now(s, rulings).state() != InitialState.FP32
                                && now(s, rulings).state() != InitialState.DEACTIVATED);
    }

    private RuleHits hits(Rule rule, Map<Slot, Ruling> rulings) {
        return new RuleHits(
                rule,
                matched.getOrDefault(rule, List.of()),
                said.getOrDefault(rule, Set.of()).stream()
                        .filter(s -> s.rules().contains(rule))
                        .map(s -> new RuleHits.Hit(s.slot(), s.value(), s.own(), now(s, rulings)))
                        .toList());
    }
}
