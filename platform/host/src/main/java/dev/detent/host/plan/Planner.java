package dev.detent.host.plan;

import dev.detent.host.plugin.Registry;
import dev.detent.spi.backend.QuantizationRecipe;
import dev.detent.spi.option.Options;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.problem.UserException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Orders the chosen passes by their facts. Among those whose requirements hold, the one that establishes the earliest
 * fact comes next (ties: id); a pass that forbids a fact comes before every pass that establishes it; when a fact is
 * invalidated after it was established, its establisher is scheduled again. The plan is a simulation on facts: no data
 * is touched.
 */
public final class Planner {

    private static final int REPEATS = 4;

    private final Registry registry;

    public Planner(Registry registry) {
        this.registry = registry;
    }

    /** Plans a profile whose options have been overridden already. */
    public Plan plan(QuantizationRecipe profile) {
        registry.dispatcher(profile.dispatcher());
        Map<String, Options> options = new LinkedHashMap<>();
        profile.passes()
                .forEach((id, values) ->
                        options.put(id, options(registry.pass(id).descriptor(), values)));
        Map<String, String> why = new LinkedHashMap<>();
        profile.passes().keySet().forEach(id -> why.put(id, "chosen by the profile"));
        addOwed(options, why);
        return new Plan(profile.dispatcher(), order(options, why));
    }

    /** Adds the unique establisher of every requirement nobody in the plan establishes. */
    private void addOwed(Map<String, Options> chosen, Map<String, String> why) {
        boolean grown = true;
        while (grown) {
            grown = false;
            for (String id : List.copyOf(chosen.keySet())) {
                for (Fact f :
                        new java.util.TreeSet<>(registry.pass(id).descriptor().requires())) {
                    if (isBuiltIn(f)
                            || chosen.keySet().stream()
                                    .anyMatch(c -> registry.pass(c)
                                            .descriptor()
                                            .establishes()
                                            .contains(f))) {
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
                                "DT-PLN-001",
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

    private List<Plan.Step> order(Map<String, Options> chosen, Map<String, String> why) {
        Set<Fact> facts = EnumSet.of(Fact.FORMATTED);
        Set<String> remaining = new LinkedHashSet<>(new TreeMap<>(chosen).keySet());
        Map<String, Integer> runs = new LinkedHashMap<>();
        List<Plan.Step> steps = new ArrayList<>();
        while (!remaining.isEmpty()) {
            String next = pick(remaining, facts);
            if (next == null) {
                if (advance(facts)) {
                    continue;
                }
                throw stuck(remaining, facts);
            }
            PassDescriptor d = registry.pass(next).descriptor();
            remaining.remove(next);
            if (runs.merge(next, 1, Integer::sum) > REPEATS) {
                throw new UserException(
                        "DT-PLN-002",
                        "pass '" + next + "' would have to run more than " + REPEATS
                                + " times; two passes of the plan undo each other",
                        next);
            }
            steps.add(new Plan.Step(
                    registry.pass(next),
                    registry.pluginOf(next),
                    Objects.requireNonNull(chosen.get(next)),
                    why.get(next) + place(d)));
            facts.addAll(d.establishes());
            for (Fact f : d.invalidates()) {
                if (facts.remove(f)) {
                    for (String again : chosen.keySet()) {
                        if (registry.pass(again).descriptor().establishes().contains(f) && runs.containsKey(again)) {
                            remaining.add(again);
                            why.put(again, "again, because '" + next + "' invalidated " + f);
                        }
                    }
                }
            }
        }
        return steps;
    }

    private static String place(PassDescriptor d) {
        String requires = d.requires().stream().sorted().map(Fact::name).collect(Collectors.joining(", "));
        String before = d.forbids().stream().sorted().map(Fact::name).collect(Collectors.joining(", "));
        return (requires.isEmpty() ? "" : "; after " + requires) + (before.isEmpty() ? "" : "; before " + before);
    }

    /** The host itself dispatches and applies rules once nothing is left to prepare. */
    private static boolean advance(Set<Fact> facts) {
        return facts.addAll(EnumSet.of(Fact.PREPARED, Fact.DISPATCHED, Fact.RULES_APPLIED));
    }

    private static boolean isBuiltIn(Fact f) {
        return f.compareTo(Fact.RULES_APPLIED) <= 0;
    }

    private @org.jspecify.annotations.Nullable String pick(Set<String> remaining, Set<Fact> facts) {
        String best = null;
        for (String id : remaining) {
            PassDescriptor d = registry.pass(id).descriptor();
            if (!facts.containsAll(d.requires()) || d.forbids().stream().anyMatch(facts::contains)) {
                continue;
            }
            boolean blocked = remaining.stream()
                    .anyMatch(other -> !other.equals(id)
                            && registry.pass(other).descriptor().forbids().stream()
                                    .anyMatch(d.establishes()::contains));
            if (!blocked && (best == null || rank(d) < rank(registry.pass(best).descriptor()))) {
                best = id;
            }
        }
        return best;
    }

    /**
     * Twice the ordinal of the earliest fact it establishes; just before the earliest it forbids when it establishes
     * none.
     */
    private static int rank(PassDescriptor d) {
        return d.establishes().stream()
                .mapToInt(f -> 2 * f.ordinal())
                .min()
                .orElseGet(() -> d.forbids().stream()
                        .mapToInt(f -> 2 * f.ordinal() - 1)
                        .min()
                        .orElse(2 * Fact.TUNED.ordinal()));
    }

    private UserException stuck(Set<String> remaining, Set<Fact> facts) {
        String id = remaining.iterator().next();
        PassDescriptor d = registry.pass(id).descriptor();
        Set<Fact> missing = EnumSet.noneOf(Fact.class);
        missing.addAll(d.requires());
        missing.removeAll(facts);
        return new UserException(
                "DT-PLN-003",
                "pass '" + id + "' has no place: "
                        + (missing.isEmpty()
                                ? "it must run before " + d.forbids() + " is established"
                                : "it requires " + missing),
                id);
    }

    /** Parses options given as text, numbers or YAML values. */
    private static Options options(PassDescriptor d, Map<String, Object> given) {
        return Registry.parse("pass '" + d.id() + "'", d.id(), d.options(), given);
    }
}
