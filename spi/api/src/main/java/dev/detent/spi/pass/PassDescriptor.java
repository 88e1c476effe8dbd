package dev.detent.spi.pass;

import dev.detent.spi.Stable;
import dev.detent.spi.option.Option;
import dev.detent.spi.quant.Transition;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * What a pass promises. The planner orders by the facts and by what passes say about each other, the kernel admits only
 * the declared verbs, the host refuses undeclared edits.
 *
 * @param id lower-case words joined by {@code -}; unique among all plugins
 * @param summary one line for people
 * @param facts what must hold before and what holds afterwards
 * @param orders what the pass says about its place among passes that the facts leave unordered
 * @param access what it may touch
 * @param options what a person can set
 */
@Stable(since = "1.0")
public record PassDescriptor(
        String id, String summary, Facts facts, List<Order> orders, Access access, List<Option<?>> options) {

    /**
     * @param requires facts that must hold before
     * @param forbids facts that must not hold yet
     * @param establishes facts that hold afterwards
     * @param invalidates facts that no longer hold afterwards
     */
    public record Facts(Set<Fact> requires, Set<Fact> forbids, Set<Fact> establishes, Set<Fact> invalidates) {
        /** Copies the sets. */
        public Facts {
            requires = Set.copyOf(requires);
            forbids = Set.copyOf(forbids);
            establishes = Set.copyOf(establishes);
            invalidates = Set.copyOf(invalidates);
        }
    }

    /**
     * The place of a pass beside another one. It counts only where both are in a plan.
     *
     * @param pass id of the other pass, of whatever plugin
     * @param why the reason, as a clause that {@code detent plan} shows
     */
    public record Order(Relation relation, String pass, String why) {}

    /** How a pass stands to another. */
    public enum Relation {
        /** This pass runs after the other. */
        AFTER,
        /** This pass runs before the other. */
        BEFORE,
        /** In either order the model comes out the same. */
        COMMUTES
    }

    /**
     * @param verbs transitions it may ask for
     * @param editsGraph it changes nodes or initializers through {@link PassContext#editor}; {@link Transition#BAKE}
     *     needs none of it
     * @param needs what it needs beside graph and configs
     */
    public record Access(Set<Transition> verbs, boolean editsGraph, Set<PassRequirement> needs) {
        /** Copies the sets. */
        public Access {
            verbs = Set.copyOf(verbs);
            needs = Set.copyOf(needs);
        }
    }

    /** Copies the lists. */
    public PassDescriptor {
        orders = List.copyOf(orders);
        options = List.copyOf(options);
    }

    /** Facts that must hold before. */
    public Set<Fact> requires() {
        return facts.requires();
    }

    /** Facts that must not hold yet. */
    public Set<Fact> forbids() {
        return facts.forbids();
    }

    /** Facts that hold afterwards. */
    public Set<Fact> establishes() {
        return facts.establishes();
    }

    /** Facts that no longer hold afterwards. */
    public Set<Fact> invalidates() {
        return facts.invalidates();
    }

    /** Transitions the pass may ask for. */
    public Set<Transition> verbs() {
        return access.verbs();
    }

    /** Whether the pass changes nodes or initializers. */
    public boolean editsGraph() {
        return access.editsGraph();
    }

    /** What the pass needs beside graph and configs. */
    public Set<PassRequirement> needs() {
        return access.needs();
    }

    /** Whether the pass changes neither graph nor configs, so that it commutes with every other. */
    public boolean onlyReads() {
        return !editsGraph() && verbs().isEmpty();
    }

    /** Starts a descriptor; every list starts empty. */
    public static Builder of(String id, String summary) {
        return new Builder(id, summary);
    }

    /** Fluent construction. */
    public static final class Builder {
        private final String id;
        private final String summary;
        private final Set<Fact> requires = EnumSet.noneOf(Fact.class);
        private final Set<Fact> forbids = EnumSet.noneOf(Fact.class);
        private final Set<Fact> establishes = EnumSet.noneOf(Fact.class);
        private final Set<Fact> invalidates = EnumSet.noneOf(Fact.class);
        private final List<Order> orders = new ArrayList<>();
        private final Set<Transition> verbs = EnumSet.noneOf(Transition.class);
        private final Set<PassRequirement> needs = EnumSet.noneOf(PassRequirement.class);
        private List<Option<?>> options = List.of();
        private boolean editsGraph;

        private Builder(String id, String summary) {
            this.id = id;
            this.summary = summary;
        }

        /** Adds facts that must hold before. */
        public Builder requires(Fact... required) {
            requires.addAll(List.of(required));
            return this;
        }

        /** Adds facts that must not hold yet: the pass comes before every pass that establishes one of them. */
        public Builder forbids(Fact... forbidden) {
            forbids.addAll(List.of(forbidden));
            return this;
        }

        /** Adds facts that hold afterwards. */
        public Builder establishes(Fact... established) {
            establishes.addAll(List.of(established));
            return this;
        }

        /**
         * Adds facts that no longer hold afterwards: the pass comes before those that establish them where it can;
         * where it cannot, they run again.
         */
        public Builder invalidates(Fact... invalidated) {
            invalidates.addAll(List.of(invalidated));
            return this;
        }

        /** The pass runs after another, if that is in the plan. */
        public Builder after(String pass, String why) {
            orders.add(new Order(Relation.AFTER, pass, why));
            return this;
        }

        /** The pass runs before another, if that is in the plan: for a plugin that precedes a pass it does not own. */
        public Builder before(String pass, String why) {
            orders.add(new Order(Relation.BEFORE, pass, why));
            return this;
        }

        /** In either order the model comes out the same. */
        public Builder commutesWith(String pass, String why) {
            orders.add(new Order(Relation.COMMUTES, pass, why));
            return this;
        }

        /** Adds transitions the pass may ask for. */
        public Builder asks(Transition... asked) {
            verbs.addAll(List.of(asked));
            return this;
        }

        /** Adds what the pass needs beside graph and configs. */
        public Builder needs(PassRequirement... needed) {
            needs.addAll(List.of(needed));
            return this;
        }

        /** The pass changes nodes or initializers. */
        public Builder editsGraph() {
            editsGraph = true;
            return this;
        }

        /** What a person can set. */
        public Builder options(Option<?>... all) {
            options = List.of(all);
            return this;
        }

        /** The finished descriptor. */
        public PassDescriptor build() {
            return new PassDescriptor(
                    id,
                    summary,
                    new Facts(requires, forbids, establishes, invalidates),
                    orders,
                    new Access(verbs, editsGraph, needs),
                    options);
        }
    }
}
