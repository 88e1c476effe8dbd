package dev.detent.host.plan;

import dev.detent.host.plugin.Registry;
import dev.detent.host.problem.PlanProblems;
import dev.detent.host.rules.Rule;
import dev.detent.spi.backend.QuantizationRecipe;
import dev.detent.spi.option.Options;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.problem.PluginException;
import dev.detent.spi.problem.UserException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Orders the chosen passes and the host's own steps by {@link PlanOrder}; adds the pass that establishes what nobody in
 * the plan does; when a fact is invalidated after it was established, schedules its establishers again. The plan is a
 * simulation on facts: no model and no data are touched. Stateless but for the registry; thread-safe.
 */
public final class Planner {

    private final Registry registry;

    public Planner(Registry registry) {
        this.registry = registry;
    }

    /** Plans a recipe whose options have been overridden already. */
    public Plan plan(QuantizationRecipe recipe) {
        return plan(recipe, List.of());
    }

    /** The same with a person's rules applied behind the target's. */
    public Plan plan(QuantizationRecipe recipe, List<Rule> rules) {
        String dispatcher = registry.dispatcher(recipe.dispatcher()).id();
        Map<String, Options> options = new TreeMap<>();
        Map<String, String> why = new TreeMap<>();
        recipe.passes().forEach((id, values) -> {
            if (HostSteps.contains(id)) {
                throw new PluginException(
                        PlanProblems.STEP_OF_HOST,
                        "'" + id + "' is a step of Detent's own and no pass",
                        registry.pluginOf(id));
            }
            options.put(id, options(registry.pass(id).descriptor(), values));
            why.put(id, "chosen by the profile");
        });
        addOwed(options, why);
        return new Plan(new Ordering(dispatcher, rules, options, why).steps());
    }

    /** For every required fact that no planned pass establishes, adds the only pass that establishes it. */
    private void addOwed(Map<String, Options> chosen, Map<String, String> why) {
        boolean grown = true;
        while (grown) {
            grown = false;
            for (String id : List.copyOf(chosen.keySet())) {
                for (Fact f : new TreeSet<>(registry.pass(id).descriptor().requires())) {
                    if (isEstablished(f, chosen.keySet())) {
                        continue;
                    }
                    List<String> candidates = registry.passes().stream()
                            .map(p -> p.descriptor())
                            .filter(d -> d.establishes().contains(f))
                            .map(PassDescriptor::id)
                            .sorted()
                            .toList();
                    if (candidates.size() != 1) {
                        throw new UserException(
                                PlanProblems.NOT_ESTABLISHED,
                                "pass '" + id + "' requires " + f + ", which "
                                        + (candidates.isEmpty()
                                                ? "no plugin establishes"
                                                : "several passes establish (" + String.join(", ", candidates)
                                                        + "); choose one in the profile"),
                                id);
                    }
                    chosen.put(candidates.get(0), new Options(Map.of()));
                    why.put(candidates.get(0), "owed to '" + id + "', which requires " + f);
                    grown = true;
                }
            }
        }
    }

    private boolean isEstablished(Fact f, Set<String> chosen) {
        return HostSteps.ALL.stream().anyMatch(s -> s.establishes().contains(f))
                || chosen.stream()
                        .anyMatch(
                                c -> registry.pass(c).descriptor().establishes().contains(f));
    }

    /** Parses options given as text, numbers or YAML values. */
    private static Options options(PassDescriptor d, Map<String, Object> given) {
        return Registry.parse("pass '" + d.id() + "'", d.id(), d.options(), given);
    }

    /** The state of one planning: which passes are placed and which facts hold so far. */
    private final class Ordering {

        private final String dispatcher;
        private final List<Rule> rules;
        private final Map<String, Options> options;
        private final Map<String, String> why;
        private final Map<String, PassDescriptor> descriptors = new TreeMap<>();
        private final Set<Fact> facts = EnumSet.noneOf(Fact.class);
        private final Map<String, Integer> runs = new LinkedHashMap<>();

        Ordering(String dispatcher, List<Rule> rules, Map<String, Options> options, Map<String, String> why) {
            this.dispatcher = dispatcher;
            this.rules = rules;
            this.options = options;
            this.why = why;
        }

        private PassDescriptor descriptor(String id) {
            return Objects.requireNonNull(descriptors.get(id));
        }

        List<Step> steps() {
            HostSteps.of(rules).forEach(s -> descriptors.put(s.id(), s));
            options.keySet().forEach(id -> descriptors.put(id, registry.pass(id).descriptor()));
            PlanOrder order = PlanOrder.of(descriptors.values());
            Set<String> remaining = new TreeSet<>(descriptors.keySet());
            List<Step> steps = new ArrayList<>();
            while (!remaining.isEmpty()) {
                PassDescriptor next = descriptor(ready(remaining, order));
                remaining.remove(next.id());
                // Each pass of the plan gives every other at most one reason to run again, unless they go in circles.
                if (runs.merge(next.id(), 1, Integer::sum) > descriptors.size()) {
                    throw new UserException(
                            PlanProblems.RUNS_IN_CIRCLES,
                            "pass '" + next.id()
                                    + "' would have to run again and again; two passes of the plan undo each other",
                            next.id());
                }
                steps.add(step(next, order));
                facts.addAll(next.establishes());
                next.invalidates().forEach(f -> invalidate(f, next, remaining));
            }
            // Whether a plan exists at all is said first: that names the pass with the fault.
            order.ties().forEach(this::refuse);
            return steps;
        }

        /** The first of the steps that may come next: those that are ready together commute, so any serves. */
        private String ready(Set<String> remaining, PlanOrder order) {
            return remaining.stream()
                    .filter(id -> facts.containsAll(descriptor(id).requires())
                            && descriptor(id).forbids().stream().noneMatch(facts::contains)
                            && remaining.stream().noneMatch(other -> order.precedes(other, id)))
                    .findFirst()
                    .orElseThrow(() -> stuck(remaining));
        }

        private void invalidate(Fact fact, PassDescriptor by, Set<String> remaining) {
            if (facts.remove(fact)) {
                descriptors.values().stream()
                        .filter(d -> d.establishes().contains(fact) && runs.containsKey(d.id()))
                        .forEach(d -> {
                            remaining.add(d.id());
                            why.put(d.id(), "again, because '" + by.id() + "' invalidated " + fact);
                        });
            }
        }

        private Step step(PassDescriptor d, PlanOrder order) {
            if (d == HostSteps.NORMALIZE) {
                return new Step.Normalize(d.summary());
            } else if (d == HostSteps.PLACE) {
                return new Step.Place(
                        dispatcher,
                        registry.pluginOfDispatcher(dispatcher),
                        d.summary() + " by the strategy '" + dispatcher + "'");
            } else if (d == HostSteps.RULES) {
                return new Step.ApplyRules(d.summary());
            } else if (d == HostSteps.USER_RULES) {
                return new Step.ApplyUserRules(rules, d.summary() + ": " + counted());
            } else if (d == HostSteps.FREEZE) {
                return new Step.Freeze(d.summary());
            }
            return new Step.RunPass(
                    registry.pass(d.id()),
                    registry.pluginOf(d.id()),
                    Objects.requireNonNull(options.get(d.id())),
                    why.get(d.id()) + place(d, order));
        }

        /** {@code 3 of detent.yaml, 1 of the command line}. */
        private String counted() {
            return rules.stream()
                    .collect(Collectors.groupingBy(r -> r.source().place(), LinkedHashMap::new, Collectors.counting()))
                    .entrySet()
                    .stream()
                    .map(e -> e.getValue() + " of " + e.getKey())
                    .collect(Collectors.joining(", "));
        }

        private String place(PassDescriptor d, PlanOrder order) {
            return named("; after ", d.requires())
                    + named("; before ", d.forbids())
                    + order.reasons(d.id()).stream()
                            .map(o -> "; after " + o.pass() + " (" + o.why() + ")")
                            .collect(Collectors.joining());
        }

        private String named(String word, Set<Fact> of) {
            return of.isEmpty() ? "" : of.stream().sorted().map(Fact::name).collect(Collectors.joining(", ", word, ""));
        }

        private void refuse(PlanOrder.Tie tie) {
            String one = tie.one().id();
            String other = tie.other().id();
            // A step of the host has nothing to mend.
            String toMend = HostSteps.contains(other) ? one : other;
            throw new PluginException(
                    PlanProblems.ORDER_UNKNOWN,
                    "nothing says whether '" + one + "' or '" + other
                            + "' comes first, and the result may depend on it: one of them must require or forbid a fact, or say "
                            + "after(\"<the other>\", \"<why>\"), before(…) or commutesWith(…)",
                    registry.pluginOf(toMend));
        }

        private UserException stuck(Set<String> remaining) {
            String id = remaining.stream()
                    .filter(r -> !HostSteps.contains(r))
                    .findFirst()
                    .orElse(remaining.iterator().next());
            PassDescriptor d = descriptor(id);
            Set<Fact> missing = new TreeSet<>(d.requires());
            missing.removeAll(facts);
            Set<Fact> tooLate = new HashSet<>(d.forbids());
            tooLate.retainAll(facts);
            return new UserException(
                    PlanProblems.NO_PLACE,
                    "pass '" + id + "' has no place: "
                            + (!missing.isEmpty()
                                    ? "it requires " + missing
                                    : !tooLate.isEmpty()
                                            ? "it must run before " + d.forbids() + " is established"
                                            : "what it and " + others(remaining, id)
                                                    + " say about their order is a circle"),
                    id);
        }

        private String others(Set<String> remaining, String id) {
            return remaining.stream()
                    .filter(r -> !r.equals(id) && !HostSteps.contains(r))
                    .collect(Collectors.joining("', '", "'", "'"));
        }
    }
}
