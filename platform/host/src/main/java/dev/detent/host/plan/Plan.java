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

    /**
     * What is decided before any data are touched: the steps up to the rules, the person's included, without passes
     * that look at samples.
     */
    public Plan beforeData() {
        int last = 0;
        for (int i = 0; i < steps.size(); i++) {
            last = steps.get(i) instanceof Step.ApplyRules || steps.get(i) instanceof Step.ApplyUserRules ? i : last;
        }
        return new Plan(steps.subList(0, last + 1).stream()
                .filter(s -> !s.looksAtData())
                .toList());
    }

    /** The steps up to the last one that looks at data. */
    public Plan untilLastLook() {
        int end = 0;
        for (int i = 0; i < steps.size(); i++) {
            end = steps.get(i).looksAtData() ? i + 1 : end;
        }
        return new Plan(steps.subList(0, end));
    }

    /** The same plan without freeze, for callers that study the steps of a model that need not be exportable. */
    public Plan withoutFreeze() {
        return new Plan(steps.stream().filter(s -> !(s instanceof Step.Freeze)).toList());
    }
}
