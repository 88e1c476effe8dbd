package dev.detent.host.rules;

import dev.detent.host.rules.Setting.Topic;
import dev.detent.spi.backend.InitialState;
import dev.detent.spi.backend.TensorRule;
import dev.detent.spi.graph.Node;
import dev.detent.spi.quant.Slot;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What the rules seen so far make of one slot: per topic the last setting, and whose it is. */
final class SlotOutcome {

    /** A setting and the rule it comes from. */
    record Said(Rule rule, Setting setting) {}

    private final Node node;
    private final Slot slot;
    private final SlotRole role;
    private final TensorRule own;
    private final Map<Topic, Said> said = new EnumMap<>(Topic.class);

    /** @param own the target's rule */
    SlotOutcome(Node node, Slot slot, SlotRole role, TensorRule own) {
        this.node = node;
        this.slot = slot;
        this.role = role;
        this.own = own;
    }

    Node node() {
        return node;
    }

    Slot slot() {
        return slot;
    }

    SlotRole role() {
        return role;
    }

    TensorRule own() {
        return own;
    }

    String value() {
        return slot.isInput() ? node.input(slot.index()) : node.output(slot.index());
    }

    /** The target quantizes here, or would. */
    boolean isQuantizable() {
        return own.state() == InitialState.INITIAL || own.state() == InitialState.PASSIVE_INIT;
    }

    /** What stays float has no format, and what gets a format no longer stays float. */
    void say(Rule rule, Setting setting) {
        if (isOff(setting)) {
            said.clear();
        } else if (offBy().isPresent()) {
            said.remove(Topic.STATE);
        }
        said.put(setting.topic(), new Said(rule, setting));
    }

    private static boolean isOff(Setting s) {
        return s instanceof Setting.KeepFloat || s instanceof Setting.SwitchOff;
    }

    Optional<Said> said(Topic topic) {
        return Optional.ofNullable(said.get(topic));
    }

    /** What keeps the slot in float. */
    Optional<Said> offBy() {
        return said(Topic.STATE).filter(s -> isOff(s.setting()));
    }

    List<Said> all() {
        return List.copyOf(said.values());
    }

    /** Rules that have a say in the outcome. */
    Set<Rule> rules() {
        Set<Rule> rules = new LinkedHashSet<>();
        said.values().forEach(s -> rules.add(s.rule()));
        return rules;
    }
}
