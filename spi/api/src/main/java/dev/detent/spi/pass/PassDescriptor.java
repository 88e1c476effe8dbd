package dev.detent.spi.pass;

import dev.detent.spi.option.Option;
import dev.detent.spi.quant.Transition;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * What a pass promises. The planner orders by the facts, the kernel admits only the declared verbs, the envelope
 * refuses undeclared edits.
 *
 * @param id lower-case words joined by {@code -}; unique among all plugins
 * @param requires facts that must hold before
 * @param forbids facts that must not hold yet
 * @param establishes facts that hold afterwards
 * @param invalidates facts that no longer hold afterwards
 * @param verbs transitions it may ask for
 * @param editsGraph it changes nodes or initializers through {@link PassContext#editor}; {@link Transition#BAKE} needs
 *     none of it
 */
public record PassDescriptor(
        String id,
        String summary,
        Set<Fact> requires,
        Set<Fact> forbids,
        Set<Fact> establishes,
        Set<Fact> invalidates,
        Set<Transition> verbs,
        boolean editsGraph,
        Set<PassRequirement> needs,
        List<Option<?>> options) {

    public PassDescriptor {
        requires = Set.copyOf(requires);
        forbids = Set.copyOf(forbids);
        establishes = Set.copyOf(establishes);
        invalidates = Set.copyOf(invalidates);
        verbs = Set.copyOf(verbs);
        needs = Set.copyOf(needs);
        options = List.copyOf(options);
    }

    public static Builder of(String id, String summary) {
        return new Builder(id, summary);
    }

    /** Fluent construction; every list starts empty. */
    public static final class Builder {
        private final String id;
        private final String summary;
        private final Set<Fact> requires = EnumSet.noneOf(Fact.class);
        private final Set<Fact> forbids = EnumSet.noneOf(Fact.class);
        private final Set<Fact> establishes = EnumSet.noneOf(Fact.class);
        private final Set<Fact> invalidates = EnumSet.noneOf(Fact.class);
        private final Set<Transition> verbs = EnumSet.noneOf(Transition.class);
        private final Set<PassRequirement> needs = EnumSet.noneOf(PassRequirement.class);
        private List<Option<?>> options = List.of();
        private boolean editsGraph;

        private Builder(String id, String summary) {
            this.id = id;
            this.summary = summary;
        }

        public Builder requires(Fact... facts) {
            requires.addAll(List.of(facts));
            return this;
        }

        public Builder forbids(Fact... facts) {
            forbids.addAll(List.of(facts));
            return this;
        }

        public Builder establishes(Fact... facts) {
            establishes.addAll(List.of(facts));
            return this;
        }

        public Builder invalidates(Fact... facts) {
            invalidates.addAll(List.of(facts));
            return this;
        }

        public Builder asks(Transition... asked) {
            verbs.addAll(List.of(asked));
            return this;
        }

        public Builder needs(PassRequirement... needed) {
            needs.addAll(List.of(needed));
            return this;
        }

        public Builder editsGraph() {
            editsGraph = true;
            return this;
        }

        public Builder options(Option<?>... all) {
            options = List.of(all);
            return this;
        }

        public PassDescriptor build() {
            return new PassDescriptor(
                    id, summary, requires, forbids, establishes, invalidates, verbs, editsGraph, needs, options);
        }
    }
}
