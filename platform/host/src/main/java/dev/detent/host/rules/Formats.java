package dev.detent.host.rules;

import dev.detent.host.plugin.Registry;
import dev.detent.host.problem.RuleProblems;
import dev.detent.host.rules.Setting.Topic;
import dev.detent.spi.backend.InitialState;
import dev.detent.spi.backend.NodeRule;
import dev.detent.spi.backend.Target;
import dev.detent.spi.backend.TensorRule;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.Slot;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Finds, among what a target can do at a slot, the scheme that the rules ask for; nothing else may be asked for. */
final class Formats {

    private static final int SUGGESTIONS = 3;

    private final Graph graph;
    private final Target target;
    private final Registry registry;

    Formats(Graph graph, Target target, Registry registry) {
        this.graph = graph;
        this.target = target;
        this.registry = registry;
    }

    /** The slot's own scheme where no rule asks for another. */
    Scheme scheme(SlotOutcome slot) {
        List<SlotOutcome.Said> asked =
                slot.all().stream().filter(s -> s.setting().isFormat()).toList();
        if (asked.isEmpty()) {
            return slot.own().scheme();
        }
        Set<Scheme> possible = schemes(target, slot.node(), slot.slot());
        return possible.stream()
                .filter(s -> fits(s, asked))
                .findFirst()
                .orElseThrow(() -> refused(slot, asked, possible));
    }

    /** What a target can do at a slot, its own choice first. */
    private Set<Scheme> schemes(Target of, Node node, Slot slot) {
        Set<Scheme> schemes = new LinkedHashSet<>();
        for (NodeRule rule : of.alternatives(node, graph)) {
            TensorRule at = (slot.isInput() ? rule.inputs() : rule.outputs()).get(slot.index());
            if (at.state() == InitialState.INITIAL || at.state() == InitialState.PASSIVE_INIT) {
                schemes.add(at.scheme());
            }
        }
        return schemes;
    }

    private static boolean fits(Scheme scheme, List<SlotOutcome.Said> asked) {
        return asked.stream().allMatch(s -> fits(scheme, s.setting()));
    }

    private static boolean fits(Scheme scheme, Setting setting) {
        return setting instanceof Setting.Bits b
                ? scheme.bits() == b.bits()
                : setting instanceof Setting.Signed s
                        ? scheme.quantMin() < 0 == s.signed()
                        : setting instanceof Setting.Symmetric s
                                ? scheme.symmetric() == s.symmetric()
                                : setting instanceof Setting.PerChannel p
                                        ? scheme.isPerChannel() == p.perChannel()
                                        : !(setting instanceof Setting.InSystem s)
                                                || scheme.system().id().equals(s.id());
    }

    private UserException refused(SlotOutcome slot, List<SlotOutcome.Said> asked, Set<Scheme> possible) {
        SlotOutcome.Said last = asked.get(asked.size() - 1);
        List<SlotOutcome.Said> alone = asked.stream()
                .filter(s -> possible.stream().noneMatch(p -> fits(p, s.setting())))
                .toList();
        SlotOutcome.Said blamed = alone.isEmpty() ? last : alone.get(0);
        String others = registry.targets().stream()
                .filter(t -> !t.id().startsWith("ppq:"))
                .filter(t -> !t.id().equals(target.id()) && t.supports(slot.node(), graph))
                .filter(t -> schemes(t, slot.node(), slot.slot()).stream().anyMatch(s -> fits(s, asked)))
                .map(Target::id)
                .limit(SUGGESTIONS)
                .collect(Collectors.joining(", "));
        return new UserException(
                RuleProblems.NOT_ON_TARGET,
                "asks for "
                        + Setting.words(
                                alone.isEmpty()
                                        ? asked.stream()
                                                .map(SlotOutcome.Said::setting)
                                                .toList()
                                        : List.of(blamed.setting()))
                        + " at the " + slot.role() + " '" + slot.value() + "' of " + slot.node() + "; target '"
                        + target.id() + "' has "
                        + (blamed.setting().topic() == Topic.BITS
                                ? new TreeSet<>(possible.stream()
                                                        .map(Scheme::bits)
                                                        .toList())
                                                .stream().map(String::valueOf).collect(Collectors.joining(" or "))
                                        + " bits"
                                : possible.stream().map(Scheme::toString).collect(Collectors.joining(" or ")))
                        + " there, or float"
                        + (others.isEmpty() ? "" : "; " + others + (others.contains(",") ? " have it" : " has it")),
                blamed.rule().source().label());
    }
}
