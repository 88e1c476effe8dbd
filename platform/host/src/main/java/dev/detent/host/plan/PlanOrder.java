package dev.detent.host.plan;

import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.pass.PassDescriptor.Order;
import dev.detent.spi.pass.PassDescriptor.Relation;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which of the chosen steps come before which others. A step comes before another when
 *
 * <ul>
 *   <li>it establishes a fact that the other requires,
 *   <li>it forbids a fact that the other establishes (no pass may run on a frozen model, and none on one that is not
 *       normalized),
 *   <li>one of the two says so by {@code after} or {@code before},
 *   <li>or it invalidates a fact that the other establishes, unless one of the reasons above puts it behind the other.
 * </ul>
 *
 * Nothing here depends on the order in which steps were registered or chosen, nor on their names.
 */
final class PlanOrder {

    /** Two steps, in a stable order of ids, that nothing puts in order. */
    record Tie(PassDescriptor one, PassDescriptor other) {}

    private final Map<String, PassDescriptor> steps = new TreeMap<>();
    /** Direct successors by id. */
    private final Map<String, Set<String>> successors = new TreeMap<>();

    private PlanOrder() {}

    static PlanOrder of(Collection<PassDescriptor> chosen) {
        PlanOrder order = new PlanOrder();
        chosen.forEach(d -> {
            order.steps.put(d.id(), d);
            order.successors.put(d.id(), new TreeSet<>());
        });
        order.forEachPair((a, b) -> {
            if (mustPrecede(a, b)) {
                order.successors(a.id()).add(b.id());
            }
        });
        Map<String, Set<String>> must = order.reachable();
        order.forEachPair((a, b) -> {
            if (intersects(a.invalidates(), b.establishes())
                    && !must.getOrDefault(b.id(), Set.of()).contains(a.id())) {
                order.successors(a.id()).add(b.id());
            }
        });
        return order;
    }

    private static boolean mustPrecede(PassDescriptor a, PassDescriptor b) {
        return intersects(a.establishes(), b.requires())
                || intersects(a.forbids(), b.establishes())
                || a == HostSteps.NORMALIZE
                || b == HostSteps.FREEZE
                || says(b, Relation.AFTER, a)
                || says(a, Relation.BEFORE, b);
    }

    private static boolean says(PassDescriptor d, Relation relation, PassDescriptor other) {
        return d.orders().stream()
                .anyMatch(o -> o.relation() == relation && o.pass().equals(other.id()));
    }

    private static boolean intersects(Set<Fact> a, Set<Fact> b) {
        return a.stream().anyMatch(b::contains);
    }

    private Set<String> successors(String id) {
        return successors.computeIfAbsent(id, i -> new TreeSet<>());
    }

    /** Whether {@code a} comes directly before {@code b}. */
    boolean precedes(String a, String b) {
        return successors(a).contains(b);
    }

    /** Pairs that nothing orders and that do not commute. */
    List<Tie> ties() {
        Map<String, Set<String>> after = reachable();
        List<Tie> ties = new ArrayList<>();
        forEachPair((a, b) -> {
            if (a.id().compareTo(b.id()) < 0
                    && !after.getOrDefault(a.id(), Set.of()).contains(b.id())
                    && !after.getOrDefault(b.id(), Set.of()).contains(a.id())
                    && !commute(a, b)) {
                ties.add(new Tie(a, b));
            }
        });
        return ties;
    }

    /** A pass that only reads commutes with all but the host's own steps; any other pair says so. */
    private static boolean commute(PassDescriptor a, PassDescriptor b) {
        boolean host = HostSteps.contains(a.id()) || HostSteps.contains(b.id());
        return !host && (a.onlyReads() || b.onlyReads())
                || says(a, Relation.COMMUTES, b)
                || says(b, Relation.COMMUTES, a);
    }

    /** What {@code id} and the others of the plan say about its being behind them, for people. */
    List<Order> reasons(String id) {
        List<Order> reasons = new ArrayList<>();
        Objects.requireNonNull(steps.get(id)).orders().stream()
                .filter(o -> o.relation() == Relation.AFTER && steps.containsKey(o.pass()))
                .forEach(reasons::add);
        steps.values()
                .forEach(d -> d.orders().stream()
                        .filter(o -> o.relation() == Relation.BEFORE && o.pass().equals(id))
                        .forEach(o -> reasons.add(new Order(Relation.AFTER, d.id(), o.why()))));
        return reasons;
    }

    private interface PairAction {
        void on(PassDescriptor a, PassDescriptor b);
    }

    private void forEachPair(PairAction action) {
        steps.values().forEach(a -> steps.values().stream().filter(b -> b != a).forEach(b -> action.on(a, b)));
    }

    /** Successors of successors included. */
    private Map<String, Set<String>> reachable() {
        Map<String, Set<String>> all = new TreeMap<>();
        steps.keySet().forEach(id -> {
            Set<String> seen = new TreeSet<>();
            List<String> open = new ArrayList<>(List.of(id));
            while (!open.isEmpty()) {
                successors(open.remove(open.size() - 1)).stream()
                        .filter(seen::add)
                        .forEach(open::add);
            }
            all.put(id, seen);
        });
        return all;
    }
}
