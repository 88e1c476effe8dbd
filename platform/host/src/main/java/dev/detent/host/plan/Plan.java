package dev.detent.host.plan;

import java.util.List;

/** Everything that happens to a model on its way to a target, in order, with reasons. */
public record Plan(List<Step> steps) {

    public Plan {
        steps = List.copyOf(steps);
    }

    /** Id of the strategy that places nodes. */
    public String dispatcher() {
        return steps.stream()
                .filter(Step.Place.class::isInstance)
                .map(s -> ((Step.Place) s).dispatcher())
                .findFirst()
                .orElseThrow();
    }

    /** The same plan without freeze, for callers that study the steps of a model that need not be exportable. */
    public Plan withoutFreeze() {
        return new Plan(steps.stream().filter(s -> !(s instanceof Step.Freeze)).toList());
    }
}
